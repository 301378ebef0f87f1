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
];

for (const [words, message] of refused) {
  test(`certutil ${words.join(' ')} is refused`, () =>
    assert.throws(() => parseCertutil(words), { code: 'usage', message }));
}
