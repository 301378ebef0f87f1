import { withAdmin } from '../../home/administering.ts';
import type { Context } from '../../program/context.ts';
import type { Word } from '../../word.ts';

/** `holdfast ca clock accept --reason TEXT` */
export const word: Word = {
  define: (command) => {
    command
      .description('go on with the clock as it is, and record why')
      .requiredOption('--reason <text>', 'why it is right, for the log')
      .addHelpText('after', '\nExample:\n  holdfast ca clock accept --reason "was off for two years"\n');
  },
  run: acceptClock,
};

/** `holdfast ca clock accept`: the clock of this machine is right as it is, says whoever runs it. */
export async function acceptClock(context: Context, { reason }: { readonly reason: string }): Promise<void> {
  const { output } = context;
  const answer = await withAdmin(context, (admin) => admin.call('ca.clock-accept', { reason }));
  if (output.json) return output.value(answer);
  const { accepted } = answer;
  if (accepted === null) return output.row('clock', 'nothing is wrong with it; nothing was recorded');
  output.row('clock', `accepted at ${accepted.now}`, `expected ${accepted.expected}`);
}
