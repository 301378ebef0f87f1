import { deepEqual } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

/** What is known of one file, by field. */
type FileFacts = Record<string, string>;

/** Paths in Latin-1, one character for each byte, with what is known of each file. */
type TreeFacts = Record<string, FileFacts>;

/**
 * Asserts that two folders hold the same: names, kinds, content, mode, owner, modification time to the nanosecond, link
 * targets, link counts and which names share an inode, device numbers, extended attributes. All of it as `find`, `stat`,
 * `sha256sum` and `getfattr` see it, none of it by our own code. Fails with the list of what differs.
 */
export function assertSameTree(actual: string, expected: string): void {
  deepEqual(treeDifferences(actual, expected), []);
}

/** What {@link assertSameTree} compares, as one line for each file and field that differs. */
export function treeDifferences(actual: string, expected: string): string[] {
  const found = describeTree(actual);
  const wanted = describeTree(expected);
  const paths = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...paths].flatMap((path) => fileDifferences(path, found[path], wanted[path]));
}

function fileDifferences(path: string, found?: FileFacts, wanted?: FileFacts): string[] {
  if (found === undefined) return [`${path}: missing`];
  if (wanted === undefined) return [`${path}: too many`];
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
    .filter((field) => found[field] !== wanted[field])
    .map((field) => `${path}: ${field} is ${found[field]} instead of ${wanted[field]}`);
}

function describeTree(root: string): TreeFacts {
  const tree = Object.fromEntries(foundIn(root));
  addContents(root, tree);
  addDevices(root, tree);
  addAttributes(root, tree);
  return tree;
}

// `find` prints each field of a file ended by a zero byte, which no name and no target can hold.
const fields = {
  kind: '%y',
  mode: '%m',
  owner: '%U:%G',
  modified: '%T@',
  links: '%n',
  target: '%l',
  inode: '%i',
  size: '%s',
};

function foundIn(root: string): [string, FileFacts][] {
  const format = ['%P', ...Object.values(fields)].map((field) => `${field}\\0`).join('');
  const values = output(root, 'find', ['.', '-printf', format]).split('\0');
  const width = Object.keys(fields).length + 1;
  const found: [string, FileFacts][] = [];
  for (let start = 0; start + width <= values.length; start += width) {
    const [name = '', ...rest] = values.slice(start, start + width);
    found.push([
      name,
      Object.fromEntries(Object.keys(fields).map((field, index) => [field, rest[index] ?? ''])),
    ]);
  }
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return withoutMachineFacts(found);
}

/** Replaces inodes by the first name that has it; drops what a file system decides for folders: size and link count. */
function withoutMachineFacts(found: [string, FileFacts][]): [string, FileFacts][] {
  const firstNames = new Map<string, string>();
  return found.map(([name, { inode = '', size = '', links = '', ...rest }]) => {
    if (!firstNames.has(inode)) firstNames.set(inode, name);
    if (rest['kind'] === 'd') return [name, rest];
    return [name, { ...rest, links, size, sameInodeAs: firstNames.get(inode) ?? '' }];
  });
}

function addContents(root: string, tree: TreeFacts): void {
  const sums = output(root, 'find', ['.', '-type', 'f', '-exec', 'sha256sum', '--zero', '{}', '+']).split(
    '\0',
  );
  for (const line of sums) add(tree, line.slice(66), 'sha256', line.slice(0, 64));
}

function addDevices(root: string, tree: TreeFacts): void {
  const selection = ['.', '(', '-type', 'b', '-o', '-type', 'c', ')'];
  const devices = output(root, 'find', [
    ...selection,
    '-exec',
    'stat',
    '--printf',
    '%t:%T %n\\0',
    '{}',
    '+',
  ]).split('\0');
  for (const line of devices)
    add(tree, line.slice(line.indexOf(' ') + 1), 'device', line.split(' ')[0] ?? '');
}

function addAttributes(root: string, tree: TreeFacts): void {
  const options = ['--recursive', '--physical', '--no-dereference', '--dump', '--match=-', '--encoding=hex'];
  for (const block of output(root, 'getfattr', [...options, '.']).split('\n\n')) {
    const [header = '', ...attributes] = block.split('\n');
    add(tree, unescape(header.slice('# file: '.length)), 'attributes', attributes.toSorted().join('\n'));
  }
}

function add(tree: TreeFacts, path: string, field: string, value: string): void {
  if (path === '') return;
  const entry = tree[path.replace(/^\.\/?/, '')];
  if (entry === undefined) throw new Error(`${field} of ${JSON.stringify(path)}, which find did not list`);
  entry[field] = value;
}

/** `getfattr` writes bytes it does not like as a backslash and three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function output(root: string, program: string, words: readonly string[]): string {
  return execFileSync(program, words, {
    cwd: root,
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'latin1',
    maxBuffer: 2 ** 30,
  });
}
