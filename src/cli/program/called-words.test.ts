import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { oldSpellings, presentWords } from './called-words.ts';
import { createFullProgram } from './create-program.ts';

const present = (...words: string[]): readonly string[] =>
  presentWords({ program: 'holdfast', words }).called.words;

test('an old spelling is that of today for the commands that had it, and left alone for others', () => {
  assert.deepEqual(present('recover', '--passphrase-file', 'f'), ['recover', '--kit-password-file', 'f']);
  assert.deepEqual(present('recover', '--passphrase-file=f'), ['recover', '--kit-password-file=f']);
  assert.deepEqual(present('cert', 'renew', '--force'), ['cert', 'renew', '--early']);
  assert.deepEqual(present('ca', 'backup', '--force'), ['ca', 'backup', '--force']);
  assert.deepEqual(present('--keystore-passphrase-file', 'f', 'ca', 'restore', '--passphrase-file', 'g'), [
    '--keystore-password-file',
    'f',
    'ca',
    'restore',
    '--kit-password-file',
    'g',
  ]);
  assert.deepEqual(present('backup', '--', '--keystore-passphrase-file'), [
    'backup',
    '--',
    '--keystore-passphrase-file',
  ]);
});

test('a program that is called by a vendor’s name has the old spellings of its words', () => {
  const words = ['ca', '--kit-passphrase-file', 'f'];
  const { called, replaced } = presentWords({ program: 'sm_ssl_cert', words });
  assert.deepEqual(called.words, ['ca', '--kit-password-file', 'f']);
  assert.deepEqual(
    replaced.map(({ old }) => old),
    ['--kit-passphrase-file'],
  );
});

test('each old spelling leads to an option that its commands have, and is one of none of them today', async () => {
  const all = new Map(commandsBelow(await createFullProgram(), []));
  for (const { old, now, of = [...all.keys()] } of oldSpellings)
    for (const name of of) {
      const flags = all.get(name)?.options.map(({ long }) => long) ?? [];
      assert.ok(flags.includes(now), `${name} has no ${now}`);
      assert.ok(!flags.includes(old), `${name} still has ${old}`);
    }
});

function commandsBelow(command: Command, path: readonly string[]): [string, Command][] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  if (below.length === 0) return [[path.join(' '), command]];
  return below.flatMap((one) => commandsBelow(one, [...path, one.name()]));
}
