import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';

/** `holdfast ca clock accept`: the clock of this machine is right as it is, says whoever runs it. */
export async function acceptClock(context: Context, reason: string): Promise<void> {
  const { output } = context;
  const answer = await withAdmin(context, (admin) => admin.call('ca.clock-accept', { reason }));
  if (output.json) return output.value(answer);
  const { accepted } = answer;
  if (accepted === null) return output.row('clock', 'nothing is wrong with it; nothing was recorded');
  output.row('clock', `accepted at ${accepted.now}`, `expected ${accepted.expected}`);
}
