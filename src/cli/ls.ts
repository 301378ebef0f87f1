import { HoldfastError } from '../base/index.ts';
import { pathText, textPath } from '../files/index.ts';
import { listSnapshot } from '../repository/index.ts';
import type { AnswerOf } from './answers.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
  snapshotArgument,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { describeNode, fileJson } from './repository/shown-file.ts';
import { type AnswerStream, line, type Row } from './terminal/answer.ts';
import { plural } from './terminal/format.ts';
import { printable } from './terminal/table.ts';
import type { Word } from './word.ts';

/** What `ls` takes. */
interface LsOptions extends ReadOptions, SnapshotFilters {
  readonly long?: boolean;
}

/** `holdfast ls SNAPSHOT [DIR]` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command), 'snapshot')
      .argument('<snapshot>', snapshotArgument)
      .argument('[dir]', 'only this folder and what is below it, by its full original path')
      .option('-l, --long', 'with mode, owner, size and time')
      .addHelpText('after', '\nExamples:\n  holdfast ls latest\n  holdfast ls -l 9c1f02ab /home/ann\n');
  },
  run: listFiles,
};

/**
 * `holdfast ls`: the paths of a snapshot's files, with `--long` what each is. What cannot be read is named, the rest comes,
 * and it ends with `repository_damaged`.
 */
export async function listFiles(
  context: Context,
  name: string,
  directory: string | undefined,
  options: LsOptions,
): Promise<AnswerStream<AnswerOf<'ls'>>> {
  return { each: filesOf(context, name, directory, options) };
}

async function* filesOf(
  context: Context,
  name: string,
  directory: string | undefined,
  options: LsOptions,
): AsyncGenerator<{ value: AnswerOf<'ls'>; row: Row }> {
  const { output, signal } = context;
  await using target = await openTarget(context, options);
  const snapshot = await target.repository.findSnapshotFolder(name, filterOf(options, context));
  const below = directory === undefined ? {} : { path: textPath(directory) };
  let problems = 0;
  let listed = 0;
  const onProblem = (path: Uint8Array, { message }: Error): void => {
    problems++;
    output.warn(`${pathText(path)}: ${message}`);
  };
  for await (const { path, node } of listSnapshot(target.repository, snapshot, {
    ...below,
    signal,
    onProblem,
  })) {
    listed++;
    const text = pathText(path);
    const shown = options.long === true ? `${describeNode(node)}  ${printable(text)}` : printable(text);
    yield { value: fileJson(text, node), row: line(shown) };
  }
  if (problems === 0 && listed === 0) output.warn(`snapshot ${snapshot.id.slice(0, 8)} has nothing in it`);
  if (problems === 0) return;
  throw new HoldfastError(
    'repository_damaged',
    `${plural(problems, 'problem')} in the list, each named above`,
    {
      hint: 'what is listed can be restored; holdfast check names everything that is affected',
    },
  );
}
