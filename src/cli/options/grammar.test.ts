import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Option } from 'commander';
import { createFullProgram } from '../program/create-program.ts';
import { ListOption } from './option-values.ts';
import { wordRulesOf } from './word-rules.ts';

/** What docs/decisions/command-line.md says of every command, but for those that have the words of a vendor. */
const ours = commandsBelow(await createFullProgram(), []).filter(
  ({ name }) => !/^(?:sm_ssl_cert|certutil|dsmcert)\b/.test(name),
);
const options = ours.flatMap(({ name, command }) => command.options.map((option) => ({ name, option })));

/** Options with a file or folder as their value that is read, or is a place to work in. */
const readFiles =
  '--subtree --cert --chain --checkpoint --crl --issued --exclude-file --files-from --files-from-verbatim --files-from-raw --file --key --kit --root --roots --names-file --csr --log --token-file --before --after --changes --command --secret-file'.split(
    ' ',
  );
const places = '--home --target --to --repo --from-repo --mirror'.split(' ');
/** The second of two files that a web server reads apart: the first is the argument. */
const secondFiles = ['--certificate'];
/** What doctor says goes to standard output; what it writes beside that is more, and of another kind. */
const bundles = ['--bundle'];

test('a file that a command writes is its argument or --out, and none other', () => {
  const others = options.filter(
    ({ option }) =>
      /<(?:file|dir|path)>/.test(option.flags) && !isPassword(option) && option.long !== '--path',
  );
  assert.ok(others.length > 20);
  const unknown = others.filter(
    ({ option: { long } }) =>
      ![...readFiles, ...places, ...secondFiles, ...bundles, '--out'].includes(long ?? ''),
  );
  assert.deepEqual(unknown.map(said), []);
});

test('--force replaces a file that is there, and nothing else', () => {
  const forces = options.filter(({ option }) => option.long === '--force');
  assert.ok(forces.length >= 7);
  for (const force of forces)
    assert.equal(force.option.description, 'replace a file that is there', said(force));
  for (const { name, option } of options.filter(({ option: { long } }) => long === '--out'))
    assert.ok(
      forces.some((force) => force.name === name),
      `${name} ${option.long} without --force`,
    );
  for (const { name, command } of ours.filter(({ name: one }) => one.endsWith(' export')))
    if (command.registeredArguments.some((argument) => argument.name() === 'file'))
      assert.ok(
        forces.some((force) => force.name === name),
        `${name} FILE without --force`,
      );
});

test('a list of names is said with commas, again, or both; only places may be several words', () => {
  const lists = options.filter(({ option }) => option.flags.includes('<list>'));
  assert.ok(lists.length >= 8);
  for (const { name, option } of lists) {
    assert.ok(option instanceof ListOption, `${name} ${option.long}`);
    assert.match(option.description, /separated by commas \(repeatable\)$/);
    assert.deepEqual(option.parseArg?.('b, c', ['a']), ['a', 'b', 'c']);
    assert.throws(() => option.parseArg?.('a,,b', undefined), /separated by commas/);
  }
  const variadic = options.filter(({ option }) => option.variadic);
  assert.deepEqual([...new Set(variadic.map(({ option }) => option.long))], ['--mirror']);
});

test('the file of a password is named by what the password opens', () => {
  const files = options.filter(({ option }) => isPassword(option));
  assert.deepEqual([...new Set(files.map(({ option }) => option.long ?? ''))].toSorted(), [
    '--from-password-file',
    '--keystore-password-file',
    '--kit-password-file',
    '--new-keystore-password-file',
    '--new-password-file',
    '--password-file',
  ]);
  const word = options.filter(({ option: { flags } }) => /passphrase/.test(flags));
  assert.deepEqual(word.map(said), []);
});

test('what cannot be undone takes --yes', () => {
  const sure = options.filter(({ option }) => option.long === '--yes').map(({ name }) => name);
  assert.deepEqual(sure.toSorted(), [
    'cert revoke',
    'client import',
    'policy import',
    'policy set',
    'request pending',
    'trash empty',
  ]);
});

test('what a command cannot do without stands in its usage line', () => {
  const needed = options.filter(({ option }) => option.mandatory);
  assert.ok(needed.length > 5);
  for (const { name, option } of needed) {
    const { command } = ours.find((one) => one.name === name) ?? {};
    assert.ok(command?.usage().includes(option.flags), `${name}: ${command?.usage()}`);
  }
});

test('every command prints JSON when --json is said, and a rule speaks of its own words alone', () => {
  for (const { name, command } of ours) {
    const flags = command.options.map(({ long }) => long);
    assert.ok(flags.includes('--json'), name);
    const words = [...flags, ...command.registeredArguments.map((argument) => argument.name())];
    for (const word of wordRulesOf(command).flatMap((rule) => rule.words))
      assert.ok(words.includes(word.split(' ')[0] ?? ''), `${name}: ${word}`);
  }
});

test('the same option has the same value everywhere', () => {
  const values = new Map<string, Set<string>>();
  for (const { option } of options)
    values.set(option.long ?? '', (values.get(option.long ?? '') ?? new Set()).add(option.flags));
  const several = [...values].filter(([, flags]) => flags.size > 1).map(([long]) => long);
  assert.deepEqual(several.toSorted(), severalMeanings.toSorted());
});

/** Where the same question has another kind of answer, and why. */
const severalMeanings: readonly string[] = [
  '--before', // a program that runs first, or a moment
  '--every', // when a set is backed up, or how long after the last backup of an authority
  '--keep', // a rule for the snapshots of a set, or how many backups of an authority
  '--chain', // the certificates above one that is given, or that they go out too
  '--fingerprint', // of a root (SHA-256), or of what a machine left sealed
  '--forget', // a folder that is the argument, or a request by its name
  '--from', // a client, or whom mail is from
  '--key', // a kind where one is made, a file where one is given
  '--mode', // of a file that is written, or what is counted
  '--remove', // words of a snapshot, or that a token is kept no more
  '--reason', // a word of RFC 5280, or text for the log
  '--repo', // anywhere, or at the server alone
  '--serial', // a number, or that the argument is one
  '--server', // where a request goes, or the name for which a root counts
  '--set', // one backup set, or all words of a snapshot
  '--tag', // words of a new snapshot, or those that snapshots are looked for by
  '--to', // a place for backups, or a database
  '--until', // a day, or any moment
];

function isPassword({ long }: Option): boolean {
  return /pass(?:word|phrase)-file$/.test(long ?? '');
}

function said({ name, option }: { readonly name: string; readonly option: Option }): string {
  return `${name} ${option.flags}`;
}

interface Named {
  readonly name: string;
  readonly command: Command;
}

function commandsBelow(command: Command, path: readonly string[]): Named[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  if (below.length === 0) return [{ name: path.join(' '), command }];
  return below.flatMap((one) => commandsBelow(one, [...path, one.name()]));
}
