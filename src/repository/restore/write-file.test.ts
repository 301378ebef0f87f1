import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lstat } from '../../files/index.ts';
import { applyAttributes, type FileAttributes } from './write-file.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-attributes-'));
});
afterEach(() => rmSync(top, { recursive: true }));

const wanted: FileAttributes = {
  type: 'file',
  permissions: 0o6751,
  uid: 1,
  gid: 1,
  atimeNs: 5n,
  mtimeNs: 1_600_000_000_000_000_007n,
  xattrs: [{ name: 'user.x', value: Buffer.from('y') }],
};

test('whoever is not root gets all but the owner, and no setuid for somebody else', () => {
  chmodSync(top, 0o777);
  const path = join(top, 'f');
  const script = `
    const { writeFileSync } = await import('node:fs');
    const { applyAttributes } = await import(${JSON.stringify(import.meta.resolve('./write-file.ts'))});
    const xattrs = [{ name: 'user.x', value: Buffer.from('y') }, { name: 'trusted.x', value: Buffer.from('y') }];
    const wanted = { type: 'file', permissions: 0o6751, uid: 1, gid: 1, atimeNs: 5n, mtimeNs: 7n, xattrs };
    // Everything is loaded before, because nobody else may be able to read this checkout.
    applyAttributes(Buffer.from('/nowhere'), wanted);
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    writeFileSync(process.argv[1], 'x');
    console.log(JSON.stringify(applyAttributes(Buffer.from(process.argv[1]), wanted)));`;
  const argv = ['--input-type=module', '-e', script, path];
  assert.equal(execFileSync(process.execPath, argv, { encoding: 'utf8' }), '[]\n');
  const { mode, uid, mtimeNs } = lstat(Buffer.from(path));
  assert.deepEqual([mode, mtimeNs], [0o751, 7n]);
  assert.notEqual(uid, 1);
  assert.equal(
    execFileSync('getfattr', ['--absolute-names', '-n', 'user.x', '--only-values', path]).toString(),
    'y',
  );
});

test('what cannot be given is told, and the rest is given', () => {
  const path = join(top, 'f');
  writeFileSync(path, '');
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const xattrs = [{ name: 'none', value: Buffer.from('y') }, ...wanted.xattrs];
  const problems = applyAttributes(Buffer.from(path), { ...wanted, ...own, xattrs });
  assert.match(problems.join('\n'), /^extended attribute none: ENOTSUP/);
  assert.deepEqual(
    [statSync(path).mode & 0o7777, lstat(Buffer.from(path)).mtimeNs],
    [0o6751, wanted.mtimeNs],
  );
});

test('an owner that no system has is told', () => {
  const path = join(top, 'f');
  writeFileSync(path, '');
  const problems = applyAttributes(Buffer.from(path), { ...wanted, uid: 2 ** 40 });
  assert.match(problems.join('\n'), /^owner: .*uid/);
});
