import { readdir } from 'node:fs/promises';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import {
  type Found,
  findByName,
  type OverwriteMode,
  type Repository,
  type SnapshotFilter,
  type StoredSnapshot,
  snapshotTime,
} from '../../repository/index.ts';
import { localPath } from '../files/local-path.ts';
import type { Context } from '../program/context.ts';
import { askChoice, askText, askYes } from '../terminal/answer.ts';
import { askTree } from '../terminal/ask-tree.ts';
import { formatBytes, formatTime, momentOf } from '../terminal/format.ts';
import { printable } from '../terminal/table.ts';
import { commandLine } from './command-line.ts';
import { tellingProblems } from './path-problems.ts';
import { snapshotTree } from './snapshot-tree.ts';

/** What the wizard found out: the words of a restore. */
export interface RestoreChoice {
  readonly name: string;
  readonly target: string;
  readonly include: readonly string[] | undefined;
  readonly overwrite: OverwriteMode | undefined;
}

/** What was said on the command line. */
export interface RestoreStart {
  readonly filter: SnapshotFilter;
  readonly target: string | undefined;
  /** Words that belong into the command: where the repository is. */
  readonly words: readonly string[];
}

/**
 * Asks what is to be restored: which snapshot, by its time or by a file that it still had; which files; where to; what happens to what is
 * there. It ends with the command that does the same, and whether it is to be done. Nothing is done here.
 *
 * @throws HoldfastError `snapshot_not_found` when there is none, `interrupted` when the answer is no, or at Ctrl-C
 */
export async function askForRestore(
  context: Context,
  repository: Repository,
  { filter, target, words }: RestoreStart,
): Promise<RestoreChoice> {
  const oldestFirst = await repository.findSnapshots([], filter);
  // It says why there is none.
  if (oldestFirst.length === 0) await repository.findSnapshot('latest', filter);
  const { snapshot, path } = await askSnapshot(context, repository, oldestFirst.toReversed());
  const include = path === undefined ? await askFiles(context, repository, snapshot) : [patternOf(path)];
  const place = await askPlace(context, target);
  const choice = { name: snapshot.id.slice(0, 8), include, ...place };
  const said = commandLine([...wordsOf(choice), ...words]);
  context.output.say(`\nThe command that does the same:\n  ${said}\n`);
  if ((await askYes(context, 'Restore now?', true)) === true) return choice;
  throw new HoldfastError('interrupted', 'nothing was restored');
}

function wordsOf({ name, target, include = [], overwrite }: RestoreChoice): string[] {
  const patterns = include.flatMap((pattern) => ['--include', pattern]);
  const mode = overwrite === undefined ? [] : ['--overwrite', ...(overwrite === 'always' ? [] : [overwrite])];
  return ['holdfast', 'restore', name, '--target', target, ...patterns, ...mode];
}

/** A snapshot, and the file in it that it was found by. */
interface ChosenSnapshot {
  readonly snapshot: StoredSnapshot;
  readonly path?: string;
}

async function askSnapshot(
  context: Context,
  repository: Repository,
  newestFirst: readonly StoredSnapshot[],
): Promise<ChosenSnapshot> {
  const choice = await askChoice<StoredSnapshot | 'file' | 'time'>(context, 'Which snapshot?', [
    ...newestFirst.map((snapshot) => ({ value: snapshot, label: describeSnapshot(snapshot) })).slice(0, 1),
    { value: 'file', label: 'the last one that had a certain file, by its name' },
    { value: 'time', label: 'the last one before a certain time' },
    ...newestFirst.map((snapshot) => ({ value: snapshot, label: describeSnapshot(snapshot) })).slice(1),
  ]);
  if (choice === 'file') return await askFile(context, repository, newestFirst);
  if (choice === 'time') return { snapshot: await askTime(context, newestFirst) };
  return { snapshot: choice };
}

function describeSnapshot(snapshot: StoredSnapshot): string {
  const { id, hostname = '', paths, tags = [] } = snapshot;
  const shown = [
    formatTime(snapshotTime(snapshot)),
    hostname,
    paths.join(' '),
    ...tags.map((tag) => `#${tag}`),
  ];
  return printable([id.slice(0, 8), ...shown.filter((text) => text !== '')].join('  ')).slice(0, 100);
}

async function askTime(context: Context, newestFirst: readonly StoredSnapshot[]): Promise<StoredSnapshot> {
  const before = (text: string): StoredSnapshot => {
    const moment = Date.parse(momentOf(text, context.clock.now()));
    const found = newestFirst.find((each) => snapshotTime(each).getTime() <= moment);
    if (found !== undefined) return found;
    throw new HoldfastError('snapshot_not_found', `no snapshot was made before ${text}`);
  };
  const text = await askText(context, 'Before when? A date, a time, or how long ago: 7d', '', before);
  const found = before(text);
  context.output.say(`  snapshot    ${describeSnapshot(found)}`);
  return found;
}

/** What is offered of a search; who has more names a pattern that means less. */
const maxVersions = 200;

async function askFile(
  context: Context,
  repository: Repository,
  newestFirst: readonly StoredSnapshot[],
): Promise<ChosenSnapshot> {
  for (;;) {
    const pattern = await askText(
      context,
      'Name of the file or folder; * stands for anything',
      '',
      checkName,
    );
    const versions = await versionsOf(context, repository, newestFirst, pattern);
    if (versions.length === 0) {
      context.output.say(`  nothing in all snapshots is called ${printable(pattern)}`);
      continue;
    }
    const options = versions.map((found) => ({ value: found, label: describeFound(found) }));
    const { snapshot, path } = await askChoice(context, 'Which of these?', options);
    return { snapshot, path };
  }
}

/** Each version of each file once, with the newest snapshot that has it. */
async function versionsOf(
  context: Context,
  repository: Repository,
  newestFirst: readonly StoredSnapshot[],
  pattern: string,
): Promise<Found[]> {
  const { onProblem } = tellingProblems(context);
  const versions = new Map<string, Found>();
  const wanted = { patterns: [pattern], ignoreCase: true };
  const options = { wanted, signal: context.signal, onProblem };
  for await (const found of findByName(repository, newestFirst, options)) {
    const { path, node } = found;
    const key = JSON.stringify([path, node.type, node.size, String(node.mtimeNs)]);
    if (!versions.has(key)) versions.set(key, found);
    if (versions.size < maxVersions) continue;
    context.output.say(`  only the first ${maxVersions} are shown: say more of the name to see others`);
    break;
  }
  return [...versions.values()].sort(
    (a, b) => compare(a.path, b.path) || compare(b.node.mtimeNs, a.node.mtimeNs),
  );
}

function compare<T extends string | bigint>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function describeFound({ path, node, snapshot }: Found): string {
  const size = node.type === 'file' ? formatBytes(node.size) : node.type;
  const changed = formatTime(new Date(Number(node.mtimeNs / 1_000_000n)));
  return printable(`${path}  ${size}  of ${changed}, last in ${formatTime(snapshotTime(snapshot))}`);
}

function checkName(text: string): void {
  if (text.trim() === '') throw new HoldfastError('usage', 'a name is missing');
}

/** Undefined for everything. */
async function askFiles(
  context: Context,
  repository: Repository,
  snapshot: StoredSnapshot,
): Promise<readonly string[] | undefined> {
  const picked = await askTree(context, 'Which files?', snapshotTree(repository, snapshot, context.signal));
  return picked.some(({ path }) => path === '/') ? undefined : picked.map(({ path }) => patternOf(path));
}

/** What means this path and no other. */
function patternOf(path: string): string {
  return path.replaceAll(/[\\*?[]/g, String.raw`\$&`);
}

type Place = Pick<RestoreChoice, 'target' | 'overwrite'>;

async function askPlace(context: Context, said: string | undefined): Promise<Place> {
  for (let given = said; ; given = undefined) {
    const target = given ?? (await askTarget(context));
    const path = localPath(context.workingDirectory, target);
    if (await isEmpty(path)) return { target, overwrite: undefined };
    const overwrite = await askChoice<OverwriteMode | 'elsewhere'>(
      context,
      `${path === '/' ? 'What is there already' : `${printable(path)} has files in it, which`}:`,
      [
        { value: 'if-changed', label: 'is replaced where it differs from the snapshot' },
        { value: 'always', label: 'is replaced, all of it that the snapshot has' },
        { value: 'if-newer', label: 'is replaced where the snapshot has a newer one' },
        { value: 'never', label: 'is left as it is; what is missing comes back' },
        { value: 'elsewhere', label: 'stays: choose another folder' },
      ],
    );
    if (overwrite !== 'elsewhere') return { target, overwrite };
  }
}

async function askTarget(context: Context): Promise<string> {
  const where = await askChoice(context, 'Where to?', [
    { value: 'folder', label: 'into a folder, below which everything has its full path' },
    { value: '/', label: 'to where it was' },
  ]);
  if (where === '/') return where;
  return await askText(context, 'Folder', './restored', (text) => {
    checkName(text);
    localPath(context.workingDirectory, text);
  });
}

async function isEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return true;
    // The restore itself says what is wrong with it.
    return false;
  }
}
