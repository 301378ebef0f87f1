import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';

/** `holdfast store accept --reason TEXT` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "take what is at the store's place now, empty or brought there, for the store of this network; for when the one of before is lost",
      )
      .requiredOption('--reason <text>', 'what has become of the one of before, for the log')
      .addHelpText('after', '\nExample:\n  holdfast store accept --reason "its disk has died"\n');
  },
  run: (context: Context, { reason }: { readonly reason: string }) => acceptStore(context, reason),
};

/** `holdfast store accept`: what is at the store's place is the store from now on, says whoever runs it. */
export async function acceptStore(context: Context, reason: string): Promise<void> {
  const { output } = context;
  const answer = await withAdmin(context, (admin) => admin.call('store.accept', { reason }));
  if (output.json) return output.value(answer);
  const { directory, accepted } = answer;
  if (accepted === null)
    return output.row('store', directory, 'nothing is wrong with it; nothing was recorded');
  output.row('store', directory, `accepted: it ${accepted}`);
  output.row(
    'next',
    'what clients have not here any more they say: holdfast backup --start-over PATH, on each',
  );
}
