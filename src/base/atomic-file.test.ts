import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isAbandoned, removeAbandoned, temporaryName, writeFileAtomic } from './atomic-file.ts';

const top = mkdtempSync(join(tmpdir(), 'holdfast-left-'));
after(() => rmSync(top, { recursive: true }));

/** A name that a process gave which has ended. */
function nameOfEnded(): string {
  const script = `import(${JSON.stringify(import.meta.resolve('./atomic-file.ts'))}).then(({ temporaryName }) => process.stdout.write(temporaryName()))`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout;
}

const ended = nameOfEnded();

test('what a process makes is abandoned when it has ended, and not before, however old it is', () => {
  assert.notEqual(temporaryName(), temporaryName());
  assert.deepEqual([isAbandoned(temporaryName(), 0), isAbandoned(ended, Date.now())], [false, true]);
  const reused = ended.replace(/-\d+-/, `-${process.pid}-`);
  assert.equal(isAbandoned(reused, Date.now()), true);
});

test('where that cannot be known it is abandoned after an hour', () => {
  const elsewhere = temporaryName().replace(/.{8}$/, '00000000');
  for (const name of [elsewhere, '0123456789ab'])
    assert.deepEqual(
      [59, 61, -61].map((minutes) => isAbandoned(name, 0, minutes * 60_000)),
      [false, true, true],
    );
});

test('only files of the form that nobody makes any more are removed', async () => {
  const old = '.x.0123456789ab.tmp';
  const kept = [`.x.${temporaryName()}.tmp`, `.y.${ended}.tmp`, '.x.notes.tmp', '.x.ba9876543210.tmp'];
  for (const name of [...kept, old, `.x.${ended}.tmp`]) writeFileSync(join(top, name), '');
  utimesSync(join(top, old), 1, 1);
  const link = `.x.${ended.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))}.tmp`;
  symlinkSync('/etc/passwd', join(top, link));
  await removeAbandoned(top, { begin: '.x.', end: '.tmp' });
  assert.deepEqual(readdirSync(top).sort(), [...kept, link].sort());
  await removeAbandoned(join(top, 'nowhere'), { begin: '.x.', end: '.tmp' });
});

test('whoever writes a file takes away what killed processes left in its directory, of whatever name', async () => {
  const place = join(top, 'place');
  const left = [`.file.${ended}.tmp`, `.other.${ended}.tmp`, `node.lock.${ended}`];
  const others = [`.other.${temporaryName()}.tmp`, `letter.${ended}`, '.other.0123456789ab.tmp'];
  mkdirSync(place);
  for (const name of [...left, ...others]) writeFileSync(join(place, name), 'half');
  utimesSync(join(place, '.other.0123456789ab.tmp'), 1, 1);
  linkSync(join(place, `.other.${ended}.tmp`), join(top, 'still-open'));
  await writeFileAtomic(join(place, 'file'), 'whole');
  assert.deepEqual(readdirSync(place).sort(), [...others, 'file'].sort());
  assert.equal(readFileSync(join(top, 'still-open'), 'utf8'), 'half', 'what has another name is somebody’s');
});

test('what was left is written over before it is gone, since it may hold a key', async () => {
  const place = join(top, 'keys');
  mkdirSync(place);
  writeFileSync(join(place, `.key.${ended}.tmp`), 'a private key');
  const reader = openSync(join(place, `.key.${ended}.tmp`), 'r');
  await writeFileAtomic(join(place, 'certificate'), 'public');
  assert.notEqual(readFileSync(reader, 'utf8'), 'a private key');
  closeSync(reader);
});
