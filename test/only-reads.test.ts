import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** Every file and folder below `directory`, by what it holds; the lock that each command takes is left out. */
function contents(directory: string): Readonly<Record<string, string>> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(({ name }) => !name.startsWith('lock.db'))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(found.toSorted().map((path) => [path.slice(directory.length), digest(path)]));
}

function digest(path: string): string {
  if (statSync(path).isDirectory()) return 'folder';
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('a command that only reads', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[]) => runHere(words, { HOME: place.path, HOLDFAST_HOME: at('home') });
  const done = async (words: readonly string[]): Promise<void> =>
    assert.equal((await run(words)).error, undefined);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('mirror'));
    mkdirSync(at('data'));
    for (const name of ['a', 'b']) writeFileSync(at('data', name), `${name}\n`.repeat(1000));
    writeFileSync(at('password'), 'a password\n');
    await done(['init', '--network', 'n.test', '--names', 'localhost']);
    writeFileSync(
      at('home/holdfast.toml'),
      `${readFileSync(at('home/holdfast.toml'), 'utf8')}\n[authority]\nlog_mirrors = [${JSON.stringify(at('mirror'))}]\n`,
    );
    for (const name of ['ann', 'bob']) await done(['token', 'create', name]);
    await done(['policy', 'export', at('policy')]);
    await done(['ca', 'export', at('ca.pem')]);
  });
  after(() => place[Symbol.dispose]());

  const ofAuthority = (): readonly (readonly string[])[] => [
    ['audit', 'verify'],
    ['audit', 'list'],
    ['nodes'],
    ['audit', 'export', at('out')],
    ['status'],
    ['doctor', 'https://127.0.0.1:1'],
    ['doctor', 'https://127.0.0.1:1', '--bundle', at('out.tar.gz'), '--force'],
    ['ca', 'show'],
    ['ca', 'crl'],
    ['ca', 'export', at('out.pem'), '--force'],
    ['cert', 'list'],
    ['cert', 'show', 'ffffffffffffffff'],
    ['cert', 'verify', at('ca.pem')],
    ['policy', 'show'],
    ['policy', 'export', at('out')],
    ['policy', 'import', at('policy')],
    ['tls', 'list'],
    ['token', 'list'],
    ['request', 'list'],
    ['request', 'show', '7'],
    ['request', 'pending'],
    ['trust', 'list'],
    ['set', 'list'],
    ['set', 'show', 'documents'],
  ];

  it('leaves an authority as it is whose log was cut off, and its mirror, which knows more', async () => {
    const database = new DatabaseSync(at('home/authority/authority.db'));
    database.exec('DROP TRIGGER log_is_not_deleted; DELETE FROM log WHERE sequence > 2');
    database.close();
    const before_ = [contents(at('home')), contents(at('mirror'))];
    assert.equal((await run(['audit', 'verify'])).error?.code, 'authority_damaged');
    for (const words of ofAuthority()) {
      const { error } = await run(words);
      assert.notEqual(error?.code, 'usage', words.join(' '));
      assert.deepEqual([contents(at('home')), contents(at('mirror'))], before_, words.join(' '));
    }
  });

  it('leaves a repository as it is that is damaged', async () => {
    const repo = ['--repo', at('repo'), '--password-file', at('password')];
    await done(['backup', at('data'), ...repo, '--init']);
    for (const folder of ['index', 'data']) damageOneIn(at('repo', folder));
    const before_ = contents(at('repo'));
    for (const words of [
      ['snapshots'],
      ['ls', 'latest'],
      ['find', 'a'],
      ['diff', 'latest', 'latest'],
      ['check'],
      ['check', '--read-data'],
      ['forget', '--keep-last', '1', '--dry-run'],
      ['prune', '--dry-run'],
      ['repair', 'snapshots', '--forget', '--dry-run'],
      ['stats'],
      ['stats', '--mode', 'raw-data'],
      ['restore', 'latest', '--target', at('restored')],
    ]) {
      const { error } = await run([...words, ...repo]);
      assert.notEqual(error?.code, 'usage', words.join(' '));
      assert.deepEqual(contents(at('repo')), before_, words.join(' '));
    }
  });
});

/** Cuts the last byte off the first file below a folder. */
function damageOneIn(folder: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const [first] = files.map((each) => join(each.parentPath, each.name)).toSorted();
  assert.ok(first !== undefined);
  chmodSync(first, 0o600);
  truncateSync(first, statSync(first).size - 1);
}
