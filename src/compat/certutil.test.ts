import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertutil } from './index.ts';

for (const verb of ['-backup', '-Backup', '-BACKUP', '/backup', '/Backup']) {
  test(`certutil ${verb} PASSWORD FILE is read`, () => {
    const { action, password, file } = parseCertutil([verb, 'Pswd', 'C:\\Backup\\Certfile']);
    assert.deepEqual([action, password.reveal(), file], ['backup', 'Pswd', 'C:\\Backup\\Certfile']);
    assert.ok(!JSON.stringify({ password }).includes('Pswd'));
  });
}

test('certutil -restore PASSWORD FILE is read, a password that looks like an option too', () => {
  const { action, password, file } = parseCertutil(['-restore', '-restore', '-f']);
  assert.deepEqual([action, password.reveal(), file], ['restore', '-restore', '-f']);
});

test('certutil -restore takes an empty password: files were made with one', () => {
  assert.equal(parseCertutil(['-restore', '', 'file']).password.reveal(), '');
});

for (const words of [
  ['-f', '-backup', 'Pswd', 'file'],
  ['-backup', 'Pswd', 'file', '-f'],
  ['/backup', 'Pswd', 'file', '/F'],
]) {
  test(`certutil ${words.join(' ')} replaces a file that is there`, () => {
    const { action, password, file, force } = parseCertutil(words);
    assert.deepEqual([action, password.reveal(), file, force], ['backup', 'Pswd', 'file', true]);
  });
}

test('certutil without -f replaces nothing', () => {
  assert.equal(parseCertutil(['-backup', '-f', '-f']).force, false);
});

const refused: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /what to do is missing/],
  [['backup', 'a', 'b'], /found "backup"/],
  [['--backup', 'a', 'b'], /found "--backup"/],
  [['-backupdb', 'a', 'b'], /found "-backupdb"/],
  [['-backup'], /the password is missing/],
  [['-backup', '', 'b'], /the password is missing/],
  [['-backup', 'a'], /the file is missing/],
  [['-restore', 'a', ''], /the file is missing/],
  [['-restore', 'a', 'b', 'c'], /1 words too many/],
  [['-f', '-backup', 'a', 'b', '-f'], /1 words too many/],
  [['-backup', 'a', 'b', '-f', 'c'], /1 words too many/],
  [['-restore', 'a', 'b', '-f'], /-f is for -backup/],
  [['-f'], /what to do is missing/],
];

for (const [words, message] of refused) {
  test(`certutil ${words.join(' ')} is refused`, () =>
    assert.throws(() => parseCertutil(words), { code: 'usage', message }));
}
