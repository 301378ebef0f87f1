import { isAbsolute } from 'node:path';
import type { OperationInput } from '../../admin/index.ts';
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
      exactlyOne('set', '--restore', '--check'),
      needs('--read-data', '--check'),
      needs('--target', '--restore'),
      needs('--restore', '--target'),
      needs('--include', '--restore'),
      needs('--replace', '--restore'),
    )
      .description(
        'have a client back a set of its own up now, restore a snapshot of its own, or check its repository',
      )
      .argument('<node>', 'a client, as nodes --role client lists it')
      .argument('[set]', 'one of its backup sets, as holdfast set list there shows them')
      .option('--restore <snapshot>', 'bring a snapshot of its own repository back: latest, or an ID')
      .option('--target <dir>', 'where to on that machine, an absolute path')
      .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
      .option('--replace', 'go ahead when the target holds files, replacing those of the snapshot')
      .option('--check', 'have it check its own repository')
      .option('--read-data', 'and read every pack of it')
      .option('--expires <duration>', 'how long it waits for its agent (1d; 7d at most)', parseDurationOption)
      .addHelpText('after', examples);
  },
  run: startJob,
};

const examples = `
The agent of the client does it, over the line that it holds to its server, as far as its owner allows: on that
machine, holdfast client set agent.allow backup,check,restore:/srv. All else comes to job_not_allowed.

Examples:
  holdfast job start laptop documents
  holdfast job start laptop --check
  holdfast job start laptop --restore latest --target /srv/back --include /home/ann/letter.txt
`;

interface StartRequest {
  readonly restore?: string;
  readonly target?: string;
  readonly include?: readonly string[];
  readonly replace?: boolean;
  readonly readData?: boolean;
  /** Milliseconds. */
  readonly expires?: number;
}

/** `holdfast job start NODE [SET]` */
async function startJob(
  context: Context,
  node: string,
  set: string | undefined,
  request: StartRequest,
): Promise<Answer> {
  const order = orderOf(set, request);
  const job = await withAdmin(context, (admin) =>
    admin.call('job.start', { node, order, lifetimeMs: request.expires }),
  );
  return { value: job, rows: jobRows(job) };
}

function orderOf(set: string | undefined, request: StartRequest): OperationInput<'job.start'>['order'] {
  if (set !== undefined) return { kind: 'backup', set };
  const {
    restore: snapshot,
    target = '',
    include = [],
    replace: overwrite = false,
    readData = false,
  } = request;
  if (snapshot === undefined) return { kind: 'check', readData };
  if (!isAbsolute(target))
    throw new HoldfastError('usage', `--target is an absolute path, as that machine has it; found ${target}`);
  return { kind: 'restore', snapshot, target, include: [...include], overwrite };
}
