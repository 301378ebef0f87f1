import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Prng } from './prng.ts';

/** What {@link makeDataTree} makes. */
export interface DataTreeOptions {
  /** The same seed gives the same tree. */
  readonly seed: number;
  /** Size of the one large file in bytes; 20 MiB unless said, which is more than one pack. */
  readonly largeBytes?: number;
}

/**
 * Makes `root`, a folder with every kind of file a machine can have: all sizes, modes with the special bits, links of
 * both kinds, a hole, names and targets that are not UTF-8, extended attributes, times to the nanosecond, FIFO and
 * socket. Device nodes, other owners, a file without any permission and the attributes only root may write are there
 * when the tests run as root.
 */
export async function makeDataTree(root: string, options: DataTreeOptions): Promise<void> {
  const prng = new Prng(options.seed);
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o755);
  makeContents(root, prng, options.largeBytes ?? 20 * 2 ** 20);
  makeNames(root);
  makeLinks(root);
  makeModes(root);
  await makeSpecialFiles(root);
  makeAttributes(root);
  if (process.getuid?.() === 0) makeWhatOnlyRootMay(root);
  makeTimes(root);
}

function makeContents(root: string, prng: Prng, largeBytes: number): void {
  writeFileSync(join(root, 'empty'), '');
  mkdirSync(join(root, 'empty-folder'));
  mkdirSync(join(root, 'deep/er/and/deeper'), { recursive: true });
  writeFileSync(join(root, 'deep/er/and/deeper/one byte'), 'x');
  writeFileSync(join(root, 'text'), 'the same line again and again\n'.repeat(10_000));
  writeFileSync(join(root, 'large'), prng.bytes(largeBytes));
  mkdirSync(join(root, 'many'));
  for (let index = 0; index < 300; index++)
    writeFileSync(join(root, 'many', `file-${index}`), prng.bytes(prng.below(5000)));
  const sparse = openSync(join(root, 'sparse'), 'w');
  writeSync(sparse, 'in the middle', 3 * 2 ** 20);
  ftruncateSync(sparse, 8 * 2 ** 20);
  closeSync(sparse);
}

function makeNames(root: string): void {
  const names = [
    '-rf',
    'with\nnewline',
    'quote"\'\\',
    '*[glob]?',
    'ünïcödé',
    'é',
    'e\u0301',
    '日本',
    ' ',
    'n'.repeat(255),
  ];
  for (const name of names) writeFileSync(join(root, name), `content of ${name}`);
  writeFileSync(rawPath(root, 'latin1-\xe9'), 'a name in Latin-1');
  mkdirSync(rawPath(root, 'folder-\xff\xfe'));
  writeFileSync(rawPath(root, 'folder-\xff\xfe/\x80'), 'not UTF-8 all the way');
}

function makeLinks(root: string): void {
  symlinkSync('text', join(root, 'link'));
  symlinkSync('no/such/file', join(root, 'dangling'));
  symlinkSync('/etc/hostname', join(root, 'absolute'));
  symlinkSync('.', join(root, 'deep/loop'));
  symlinkSync(Buffer.from('target-\xff', 'latin1'), join(root, 'raw-target'));
  linkSync(join(root, 'text'), join(root, 'deep/hard link'));
  linkSync(join(root, 'text'), join(root, 'zz hard link'));
  linkSync(join(root, 'empty'), join(root, 'empty hard link'));
}

function makeModes(root: string): void {
  const modes = { 'read-only': 0o444, setuid: 0o4755, setgid: 0o2755, open: 0o666 };
  for (const [name, mode] of Object.entries(modes)) {
    writeFileSync(join(root, `mode-${name}`), name);
    chmodSync(join(root, `mode-${name}`), mode);
  }
  mkdirSync(join(root, 'sticky'));
  chmodSync(join(root, 'sticky'), 0o1777);
  mkdirSync(join(root, 'setgid-folder'));
  chmodSync(join(root, 'setgid-folder'), 0o2750);
  mkdirSync(join(root, 'read-only-folder'));
  writeFileSync(join(root, 'read-only-folder/inside'), 'a file in a folder that lets nobody write');
  chmodSync(join(root, 'read-only-folder'), 0o555);
}

async function makeSpecialFiles(root: string): Promise<void> {
  execFileSync('mkfifo', [join(root, 'fifo')]);
  // By way of the open folder, since the path of a socket has 107 bytes at most.
  const folder = openSync(root, 'r');
  const server = createServer().listen(`/proc/self/fd/${folder}/listening`);
  await once(server, 'listening');
  // Closing removes the name it was given; a renamed socket stays.
  renameSync(join(root, 'listening'), join(root, 'socket'));
  server.close();
  await once(server, 'close');
  closeSync(folder);
}

function makeAttributes(root: string): void {
  writeFileSync(join(root, 'attributes'), 'file with attributes');
  execFileSync('setfattr', ['-n', 'user.text', '-v', 'value', join(root, 'attributes')]);
  execFileSync('setfattr', ['-n', 'user.bytes', '-v', '0x00ff80', join(root, 'attributes')]);
  execFileSync('setfattr', ['-n', 'user.empty', join(root, 'attributes')]);
  execFileSync('setfattr', ['-n', 'user.folder', '-v', 'yes', join(root, 'deep')]);
  execFileSync('setfacl', ['-m', 'u:4242:rw', join(root, 'attributes')]);
  execFileSync('setfacl', ['-d', '-m', 'g:4242:rx', join(root, 'empty-folder')]);
}

function makeWhatOnlyRootMay(root: string): void {
  execFileSync('mknod', [join(root, 'character device'), 'c', '1', '3']);
  execFileSync('mknod', [join(root, 'block device'), 'b', '7', '300']);
  writeFileSync(join(root, 'unreadable'), 'readable by root alone');
  chmodSync(join(root, 'unreadable'), 0o000);
  writeFileSync(join(root, 'owned'), 'owned by somebody unknown here');
  lchownSync(join(root, 'owned'), 12_345, 54_321);
  lchownSync(join(root, 'dangling'), 1, 2);
  lchownSync(join(root, 'many'), 3, 3);
  execFileSync('setfattr', ['-h', '-n', 'trusted.link', '-v', 'of a link', join(root, 'dangling')]);
}

function makeTimes(root: string): void {
  const touch = (time: string, ...names: string[]) =>
    execFileSync('touch', ['-h', '-d', time, '--', ...names.map((name) => join(root, name))]);
  touch('@1234567890.123456789', 'text', 'link', 'large', 'fifo', 'socket');
  touch('@0.000000001', 'dangling');
  touch('1969-12-31T23:59:59.999999999Z', 'empty');
  touch('2107-01-01T00:00:00.5Z', 'many/file-0');
  touch('@1600000000.999999999', 'deep/er/and', 'deep/er', 'many', 'empty-folder', 'read-only-folder');
  lutimesSync(rawPath(root, 'folder-\xff\xfe'), 1_500_000_000.25, 1_500_000_000.25);
  touch('@1700000000.000000007', '.');
}

/** A path below `root` whose bytes are the character codes of `name`. */
function rawPath(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}
