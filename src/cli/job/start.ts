import { isAbsolute } from 'node:path';
import { HoldfastError } from '../../base/index.ts';
import { withAdmin } from '../home/administering.ts';
import { parseDurationOption, RepeatableOption } from '../options/option-values.ts';
import { addRules, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { jobRows } from './job-rows.ts';

/** `holdfast job start NODE [SET]` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('set', '--restore'),
      needs('--target', '--restore'),
      needs('--restore', '--target'),
      needs('--include', '--restore'),
      needs('--replace', '--restore'),
    )
      .description('have a client back a set of its own up now, or restore a snapshot of its own')
      .argument('<node>', 'a client, as nodes --role client lists it')
      .argument('[set]', 'one of its backup sets, as holdfast set list there shows them')
      .option('--restore <snapshot>', 'bring a snapshot of its own repository back: latest, or an ID')
      .option('--target <dir>', 'where to on that machine, an absolute path')
      .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
      .option('--replace', 'go ahead when the target holds files, replacing those of the snapshot')
      .option('--expires <duration>', 'how long it waits for its agent (1d; 7d at most)', parseDurationOption)
      .addHelpText('after', examples);
  },
  run: startJob,
};

const examples = `
The agent of the client does it, over the line that it holds to its server, as far as its owner allows: on that
machine, holdfast client set agent.allow backup,restore:/srv. All else comes to job_not_allowed.

Examples:
  holdfast job start laptop documents
  holdfast job start laptop --restore latest --target /srv/back --include /home/ann/letter.txt
`;

interface StartRequest {
  readonly restore?: string;
  readonly target?: string;
  readonly include?: readonly string[];
  readonly replace?: boolean;
  /** Milliseconds. */
  readonly expires?: number;
}

/** `holdfast job start NODE [SET]` */
async function startJob(
  context: Context,
  node: string,
  set: string | undefined,
  { restore: snapshot = '', target = '', include = [], replace: overwrite = false, expires }: StartRequest,
): Promise<Answer> {
  if (snapshot !== '' && !isAbsolute(target))
    throw new HoldfastError('usage', `--target is an absolute path, as that machine has it; found ${target}`);
  const order =
    set === undefined
      ? { kind: 'restore' as const, snapshot, target, include: [...include], overwrite }
      : { kind: 'backup' as const, set };
  const job = await withAdmin(context, (admin) =>
    admin.call('job.start', { node, order, lifetimeMs: expires }),
  );
  return { value: job, rows: jobRows(job) };
}
