import { HoldfastError } from '../../base/index.ts';
import { pathText, textPath } from '../../files/index.ts';
import {
  describeFilter,
  listSnapshot,
  matchesFilter,
  permissionsOf,
  type SnapshotFilter,
  type StoredSnapshot,
  type TreeNode,
} from '../../repository/index.ts';
import type { RepositoryOptions } from '../options/repository-options.ts';
import { filterOf, type SnapshotFilters } from '../options/snapshot-filters.ts';
import type { Context } from '../program/context.ts';
import { formatBytes, formatTime, plural } from '../terminal/format.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/table.ts';
import { openTarget } from './repository-target.ts';
import { warnOfFuture } from './wrong-clock.ts';

/** `holdfast snapshots`: one line each, oldest first. One that is damaged is named, and ends it with `repository_damaged`. */
export async function listSnapshots(
  context: Context,
  options: RepositoryOptions & SnapshotFilters,
): Promise<void> {
  const { output, signal } = context;
  await using target = await openTarget(context, options);
  let damaged = 0;
  const onDamaged = (_id: string, { message }: Error): void => {
    damaged++;
    output.warn(message);
  };
  const filter = filterOf(options, context);
  const onFuture = (snapshot: StoredSnapshot): void => {
    if (matchesFilter(snapshot, filter)) warnOfFuture(context, snapshot);
  };
  const all = await target.repository.snapshots({ signal, onDamaged, onFuture });
  const chosen = all.filter((snapshot) => matchesFilter(snapshot, filter));
  if (chosen.length === 0) sayNone(output, all.length, filter);
  if (chosen.length > 0 || output.json) saySnapshots(output, chosen);
  if (damaged === 0) return;
  throw new HoldfastError('repository_damaged', `${plural(damaged, 'snapshot')} damaged, named above`, {
    hint: 'those in the list are readable: restore them by their id',
  });
}

function saySnapshots(output: Output, chosen: readonly StoredSnapshot[]): void {
  if (output.json) return output.value(chosen.map(toJson));
  output.table(
    [
      { heading: 'ID' },
      { heading: 'Time' },
      { heading: 'Host', shrink: true },
      { heading: 'Files', align: 'right' },
      { heading: 'Size', align: 'right' },
      { heading: 'Paths', shrink: true },
    ],
    chosen.map((snapshot) => [
      snapshot.id.slice(0, 8),
      formatTime(dateOf(snapshot.timeNs)),
      snapshot.hostname ?? '',
      snapshot.summary === undefined ? '' : String(snapshot.summary.totalFilesProcessed),
      snapshot.summary === undefined ? '' : formatBytes(snapshot.summary.totalBytesProcessed),
      snapshot.paths.join(', '),
    ]),
  );
}

function sayNone(output: Output, all: number, filter: SnapshotFilter): void {
  if (all === 0) return output.warn('there is no snapshot yet: holdfast backup PATH makes one');
  output.warn(`none of ${plural(all, 'snapshot')} is${describeFilter(filter)}`);
}

/**
 * `holdfast ls`: the paths of a snapshot's files, with `--long` what each is. What cannot be read is named, the rest comes,
 * and it ends with `repository_damaged`.
 */
export async function listFiles(
  context: Context,
  name: string,
  directory: string | undefined,
  options: RepositoryOptions & SnapshotFilters & { readonly long?: boolean },
): Promise<void> {
  const { output, signal } = context;
  await using target = await openTarget(context, options);
  const snapshot = await target.repository.findSnapshot(name, filterOf(options, context));
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
    if (output.json) output.value(fileJson(text, node));
    else output.data(options.long === true ? `${describeNode(node)}  ${printable(text)}` : printable(text));
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

function dateOf(timeNs: bigint): Date {
  return new Date(Number(timeNs / 1_000_000n));
}

function toJson(snapshot: StoredSnapshot): Record<string, unknown> {
  const { id, arrivedMs, parent, tree, paths, hostname, username, tags, summary } = snapshot;
  return {
    id,
    time: dateOf(snapshot.timeNs).toISOString(),
    ...(arrivedMs !== undefined && { arrived: new Date(arrivedMs).toISOString() }),
    parent,
    tree,
    paths,
    hostname,
    username,
    tags,
    ...(summary && { files: summary.totalFilesProcessed, bytes: summary.totalBytesProcessed }),
  };
}

function fileJson(path: string, node: TreeNode): Record<string, unknown> {
  return {
    path,
    type: node.type,
    mode: permissionsOf(node.mode),
    uid: node.uid,
    gid: node.gid,
    size: node.size,
    mtime: dateOf(node.mtimeNs).toISOString(),
  };
}

const typeLetters: Readonly<Record<TreeNode['type'], string>> = {
  file: '-',
  dir: 'd',
  symlink: 'l',
  dev: 'b',
  chardev: 'c',
  fifo: 'p',
  socket: 's',
};

function describeNode(node: TreeNode): string {
  const bits = permissionsOf(node.mode);
  const owner = `${node.user ?? node.uid}:${node.group ?? node.gid}`;
  const time = formatTime(dateOf(node.mtimeNs));
  return [
    `${typeLetters[node.type]}${permissionLetters(bits)}`,
    printable(owner).padEnd(16),
    String(node.size).padStart(12),
    time,
  ].join('  ');
}

/** The nine letters of `ls -l`, setuid, setgid and sticky included. */
function permissionLetters(bits: number): string {
  const letters = Array.from('rwxrwxrwx', (letter, at) => ((bits >> (8 - at)) & 1 ? letter : '-'));
  for (const [bit, at, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if (bits & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}
