import { ownZone } from '../../agent/index.ts';
import { withAdmin } from '../home/administering.ts';
import { ListOption, parseDurationOption, parseLimit } from '../options/option-values.ts';
import { uploadLimit } from '../options/transfer-limits.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ruleRows } from './rule-rows.ts';

/** `holdfast replicate add NODE` */
export const word: Word = {
  define: (command) => {
    command
      .description('have everything that a node stores copied to others')
      .argument('<node>', 'the node whose repositories are copied: a server or a storage node')
      .addOption(new ListOption('--to <list>', 'the nodes that keep copies').makeOptionMandatory())
      .option('--keep <number>', 'how many of them have a copy of each repository (all)', parseLimit)
      .option(
        '--remove-after <duration>',
        'how long what a client has removed stays in the copies (7d)',
        parseDurationOption,
      )
      .addOption(uploadLimit())
      .option('--zone <zone>', "the zone of its hours, e.g. Europe/Berlin (this machine's)")
      .addHelpText('after', examples);
  },
  run: addReplication,
};

const examples = `
A copy is a whole repository at every moment. What is damaged never becomes part of one, and what a node loses most of at once stays in its
copies until somebody says that this is meant: holdfast replicate run --accept-loss

Examples:
  holdfast replicate add vault --to safe
  holdfast replicate add vault --to safe,cellar,attic --keep 2 --limit-upload 2000,08:00-18:00=500
`;

interface AddOptions {
  readonly to: readonly string[];
  readonly keep?: number;
  /** Milliseconds. */
  readonly removeAfter?: number;
  readonly limitUpload?: string;
  readonly zone?: string;
}

/** `holdfast replicate add NODE` */
async function addReplication(
  context: Context,
  from: string,
  { to, keep, removeAfter: removeAfterMs, limitUpload: rate, zone = ownZone() }: AddOptions,
): Promise<Answer> {
  const added = await withAdmin(context, (admin) =>
    admin.call('replicate.add', { from, to: [...to], keep, removeAfterMs, rate, zone }),
  );
  return { value: added, rows: ruleRows(added) };
}
