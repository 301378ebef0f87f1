import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';

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
