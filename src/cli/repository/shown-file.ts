import { permissionsOf, type TreeNode } from '../../repository/index.ts';
import type { AnswerOf } from '../answers.ts';
import { formatTime } from '../terminal/format.ts';
import { printable } from '../terminal/table.ts';

/** What a file of a snapshot can be. */
export const fileTypes = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket'] as const;

function dateOf(timeNs: bigint): Date {
  return new Date(Number(timeNs / 1_000_000n));
}

/** A file of a snapshot as `--json` shows it. */
export function fileJson(path: string, node: TreeNode): AnswerOf<'ls'> {
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

/** What `ls -l` says of a file: type, mode, owner, size and time. */
export function describeNode(node: TreeNode): string {
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
