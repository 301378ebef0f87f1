import {
  askForRelease,
  downloadUpdate,
  installCommand,
  installUpdate,
  mayInstall,
  type Offered,
  planUpdate,
  type Update,
} from '../agent/index.ts';
import { programVersion } from '../base/index.ts';
import { openOwnNode } from './home/own-node.ts';
import { addRules, atMostOne } from './options/word-rules.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import { type Answer, type Row, row } from './terminal/answer.ts';
import { formatBytes } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast update` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--check', '--dry-run'));
    command
      .description('install the newer version that the network offers: ask, verify, download, install')
      .option('--check', 'only ask whether there is a newer version; exit code 4 when there is')
      .option('--dry-run', 'say what would be downloaded and how it would be installed, and do nothing')
      .addHelpText('after', examples);
  },
  run: update,
};

const examples = `
What comes is believed for its signature, up to the root that this machine trusts, and never for where it came from; an older
version than was ever seen is refused. A download that was cut goes on the next time. Packages are installed by
dpkg or rpm, as root; everybody else, and whoever has it from npm, is told the command.

Examples:
  sudo holdfast update
  holdfast update --check
  holdfast update --dry-run
`;

interface UpdateOptions {
  readonly check?: boolean;
  readonly dryRun?: boolean;
}

/** What became of it. */
interface Outcome {
  readonly offered: Offered;
  readonly update?: Update | undefined;
  readonly done: 'nothing' | 'downloaded' | 'installed';
}

/** `holdfast update` */
async function update(context: Context, { check = false, dryRun = false }: UpdateOptions): Promise<Answer> {
  const { node } = await openOwnNode(context);
  const offered = await askForRelease(node, context);
  if (check) {
    const isNewer = offered.state === 'newer';
    return { ...answerOf({ offered, done: 'nothing' }), ...(isNewer && { exitCode: exitCode.attention }) };
  }
  const planned = await planUpdate(node, offered);
  if (planned === undefined || dryRun) return answerOf({ offered, update: planned, done: 'nothing' });
  const progress = context.progress('update');
  const totalBytes = planned.file.bytes;
  await downloadUpdate(node, planned, {
    ...context,
    onProgress: (bytes) => progress.update({ files: 0, bytes, totalBytes }),
  }).finally(() => progress.stop());
  if (!mayInstall(planned.kind)) return answerOf({ offered, update: planned, done: 'downloaded' });
  await installUpdate(node, planned);
  return answerOf({ offered, update: planned, done: 'installed' });
}

function answerOf(outcome: Outcome): Answer {
  const { offered, update, done } = outcome;
  const { version = null, sequence = null } = offered.manifest ?? {};
  const value = {
    runs: programVersion(),
    offered: version,
    sequence,
    newer: offered.state === 'newer',
    done,
    file: update?.file.name ?? null,
    bytes: update?.file.bytes ?? null,
    path: update === undefined || done === 'installed' ? null : update.path,
    command: update === undefined ? null : installCommand(update.kind, update.path),
  };
  return { value, rows: rowsOf(outcome) };
}

function* rowsOf({ offered: { state, manifest }, update, done }: Outcome): Iterable<Row> {
  yield row('runs', programVersion());
  if (state === 'none') yield row('offered', 'the network offers no version');
  if (state === 'current') yield row('offered', manifest?.version ?? '', 'nothing newer');
  if (state !== 'newer') return;
  yield row('offered', manifest?.version ?? '', 'newer');
  if (update === undefined) return;
  const command = installCommand(update.kind, update.path).join(' ');
  yield row('file', update.file.name, formatBytes(update.file.bytes));
  if (done === 'nothing') yield row('would run', command);
  if (done === 'downloaded') yield row('downloaded', update.path);
  if (done === 'downloaded') yield row('next', command);
  if (done === 'installed') yield row('installed', update.version);
}
