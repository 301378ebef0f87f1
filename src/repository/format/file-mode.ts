/** What a node of a tree is. Sockets are kept as names only; anything else is not stored. */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket';

/** The bits with which Go's os.FileMode marks each type (Go, io/fs, "FileMode"). */
const typeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};

/** The three permission bits that Go keeps elsewhere than POSIX: POSIX value, Go value. */
const specialBits: readonly (readonly [number, number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** Whether `value` is one of the node types. */
export function isNodeType(value: unknown): value is NodeType {
  return typeof value === 'string' && Object.hasOwn(typeBits, value);
}

/** Go's os.FileMode number for a type and POSIX permissions (0 to 07777). */
export function toGoMode(type: NodeType, permissions: number): number {
  return specialBits.reduce(
    (mode, [posix, go]) => ((permissions & posix) === 0 ? mode : mode + go),
    typeBits[type] + (permissions & 0o777),
  );
}

/** The POSIX permissions (0 to 07777) in a number of Go's os.FileMode. */
export function permissionsOf(goMode: number): number {
  return specialBits.reduce(
    (permissions, [posix, go]) => ((goMode & go) === 0 ? permissions : permissions + posix),
    goMode & 0o777,
  );
}
