import { Check } from 'typebox/value';
import type { OperationAnswer } from '../../admin/index.ts';
import { HoldfastError, readChosenFile } from '../../base/index.ts';
import { SignedCheckpoint } from '../../enrol/index.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatCount, formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast audit verify` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'check that no record of the log was removed, changed, put in or moved: by its chain of hashes, and by what was signed and kept here and on mirrors',
      )
      .option(
        '--checkpoint <file>',
        'and by a signed checkpoint that somebody kept, e.g. checkpoint.json of a mirror',
      )
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast audit verify\n  holdfast audit verify --checkpoint /mnt/mirror/checkpoint.json\n',
      );
  },
  run: verifyAudit,
};

/** `holdfast audit verify`: the whole log, and everything that was signed about it and kept. */
async function verifyAudit(context: Context, options: { readonly checkpoint?: string }): Promise<Answer> {
  const { workingDirectory } = context;
  const { checkpoint: file } = options;
  const given =
    file === undefined ? {} : { checkpoint: await readCheckpoint(localPath(workingDirectory, file)) };
  const answer = await askAdmin(context, (admin) => admin.call('audit.verify', given));
  return { value: answer, rows: verifiedRows(answer) };
}

function* verifiedRows(answer: OperationAnswer<'audit.verify'>): Iterable<Row> {
  yield row(
    'log',
    `${formatCount(answer.records)} records, one chain, and all on record is as it says`,
    `head ${answer.head.slice(0, 16)}…`,
  );
  for (const { from, epoch, sequence, at } of answer.checkpoints)
    yield row(
      'checkpoint',
      from,
      `record ${sequence} of epoch ${epoch}`,
      `signed ${formatTime(new Date(at))}`,
    );
  for (const { mirror, problem } of answer.unread) yield warning(`mirror ${mirror}: ${problem}`);
}

/** A signed checkpoint as it is kept, alone or among other things of a mirror. */
async function readCheckpoint(path: string): Promise<SignedCheckpoint> {
  const value = parseJson(await read(path));
  if (Check(SignedCheckpoint, value)) return value;
  const inside = (value as { readonly signed?: unknown } | null | undefined)?.signed;
  if (Check(SignedCheckpoint, inside)) return inside;
  throw new HoldfastError('checkpoint_invalid', `${path} holds no signed checkpoint`, {
    hint: 'name checkpoint.json of a mirror, or one that was kept elsewhere',
  });
}

const maxCheckpointBytes = 1024 * 1024;

async function read(path: string): Promise<string> {
  const hint = 'name checkpoint.json of a mirror, or one that was kept elsewhere';
  const bytes = await readChosenFile(path, {
    maxBytes: maxCheckpointBytes,
    hint,
    tooLong: 'checkpoint_invalid',
  });
  return bytes.toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
