import { once } from 'node:events';
import { Option } from 'commander';
import { type Bytes, HoldfastError, isHoldfastError, isSystemError } from '../base/index.ts';
import { textPath } from '../files/index.ts';
import {
  nodeAtPath,
  type Repository,
  readContentInOrder,
  type TreeNode,
  tarFolder,
  zipFolder,
} from '../repository/index.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
  snapshotArgument,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { damageIn, tellingProblems } from './repository/path-problems.ts';
import { openTarget } from './repository/repository-target.ts';
import type { Word } from './word.ts';

/** What `dump` takes. */
interface DumpRequest extends ReadOptions, SnapshotFilters {
  readonly archive?: 'tar' | 'zip';
}

/** `holdfast dump SNAPSHOT PATH` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command), 'snapshot')
      .description('write a file of a snapshot to standard output, or a folder as an archive')
      .argument('<snapshot>', snapshotArgument)
      .argument('<path>', 'a file, or a folder, by its full original path; / is all of it')
      .addOption(new Option('-a, --archive <format>', 'of a folder (default: tar)').choices(['tar', 'zip']))
      .addHelpText('after', examples);
  },
  run: dumpPath,
};

const examples = `
Examples:
  holdfast dump latest /var/backups/db.sql | psql
  holdfast dump latest:/home/ann / > ann.tar
  holdfast dump latest~1 /home/ann/Documents --archive zip > documents.zip

An archive has owners, modes, times, links, devices and extended attributes as tar can say them; a zip has files, folders and links.
`;

/** `holdfast dump`: what cannot be read of a folder is named, the rest comes, and it ends with `repository_damaged`. */
async function dumpPath(context: Context, name: string, path: string, request: DumpRequest): Promise<void> {
  await using target = await openTarget(context, request);
  const { repository } = target;
  const { signal } = context;
  const snapshot = await repository.findSnapshotFolder(name, filterOf(request, context));
  const raw = textPath(path);
  const node = await nodeAtPath((id) => repository.readTree(id, { signal }), snapshot.tree, raw);
  if (node === undefined || node.type === 'dir') {
    if (process.stdout.isTTY) throw toTerminal(path);
    await dumpFolder(context, repository, { tree: snapshot.tree, folder: raw, ...request });
  } else await writeOut(readContentInOrder(repository, contentOf(node, path), signal), signal);
}

async function dumpFolder(
  context: Context,
  repository: Repository,
  {
    tree,
    folder,
    archive = 'tar',
  }: { readonly tree: NonNullable<TreeNode['subtree']>; readonly folder: Bytes } & Pick<
    DumpRequest,
    'archive'
  >,
): Promise<void> {
  const { output, signal } = context;
  const problems = tellingProblems(context);
  const onSkipped = (path: string, type: string): void =>
    output.warn(`${path}: no archive of this kind can have this ${type}, and it is left out`);
  const dump = archive === 'tar' ? tarFolder : zipFolder;
  await writeOut(
    dump(repository, tree, folder, { signal, onProblem: problems.onProblem, onSkipped }),
    signal,
  );
  const damage = damageIn(problems, 'the archive is whole beside what is named');
  if (damage !== undefined) throw damage;
}

/** @throws HoldfastError `path_not_found` for what has no content */
function contentOf({ type, content }: TreeNode, path: string): NonNullable<TreeNode['content']> {
  if (content !== undefined) return content;
  throw new HoldfastError(
    'path_not_found',
    `${JSON.stringify(path)} is neither file nor folder, but a ${type}`,
    {
      hint: 'name the folder that it is in: its archive has it',
    },
  );
}

function toTerminal(path: string): HoldfastError {
  return new HoldfastError('usage', `${path} is a folder, and an archive is nothing for a terminal`, {
    hint: `send it to a file or a program: holdfast dump SNAPSHOT ${path} > FILE`,
  });
}

/** No faster than whoever reads takes it. @throws HoldfastError `storage_failed` when nobody reads any more */
async function writeOut(pieces: AsyncIterable<Bytes>, signal: AbortSignal): Promise<void> {
  const { stdout } = process;
  try {
    for await (const piece of pieces) if (!stdout.write(piece)) await once(stdout, 'drain', { signal });
  } catch (cause) {
    if (isHoldfastError(cause) || !isSystemError(cause)) throw cause;
    throw new HoldfastError('storage_failed', `standard output takes no more (${cause.code ?? ''})`, {
      hint: 'whoever was to read it has ended, or the disk is full: run it again with room for all of it',
      cause,
    });
  }
}
