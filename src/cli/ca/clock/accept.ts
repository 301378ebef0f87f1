import { withAdmin } from '../../home/administering.ts';
import type { Context } from '../../program/context.ts';
import { type Answer, row } from '../../terminal/answer.ts';
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
async function acceptClock(context: Context, { reason }: { readonly reason: string }): Promise<Answer> {
  const answer = await withAdmin(context, (admin) => admin.call('ca.clock-accept', { reason }));
  const { accepted } = answer;
  const rows = [
    accepted === null
      ? row('clock', 'nothing is wrong with it; nothing was recorded')
      : row('clock', `accepted at ${accepted.now}`, `expected ${accepted.expected}`),
  ];
  return { value: answer, rows };
}
