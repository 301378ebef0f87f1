import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Secret } from '../base/index.ts';
import { LocalStore } from '../storage/index.ts';
import { check } from './check/check.ts';
import { listSnapshot } from './list-snapshot.ts';
import { openRepository } from './open-repository.ts';

/**
 * The seventeen repositories that restic publishes with its source (`*.tar.gz` of its `testdata` folders, without `backup-data` and `test.hl`, which
 * hold plain files), as many of them as are at hand; `restic-interop.test.ts` makes its own everywhere.
 */
const fixtures = fileURLToPath(new URL('../../../shared/fixtures/restic/', import.meta.url));
const archives = existsSync(fixtures) ? readdirSync(fixtures) : [];

/** What restic 0.14.0 says of each: snapshots, and the beginning of the error that it finds. */
const expected: Readonly<Record<string, { readonly snapshots: number; readonly error?: RegExp }>> = {
  'small-repo': { snapshots: 4 },
  'repo-layout-default': { snapshots: 3 },
  'repo-same-timestamps': { snapshots: 3 },
  'repo-mixed': { snapshots: 1 },
  'repo-unreferenced-data': { snapshots: 1 },
  'repo-data-missing': { snapshots: 1, error: /^pack 1959b7f2\w+ is missing$/ },
  'repo-index-missing-blob': {
    snapshots: 1,
    error: /^file \/home\S+ in snapshot \w+: 1 of 1 parts are lost, the first is blob f2ca1bb6/,
  },
  'repo-unused-data-missing': {
    snapshots: 1,
    error: /^pack (b2a0e676\w+ is missing|f6a0bdd2\w+ has 0 bytes)/,
  },
  'repo-duplicates': { snapshots: 1 },
  'repo-obsolete-index': { snapshots: 1 },
  'repo-restore-permissions-test': { snapshots: 1 },
  'copy-unstable-json': { snapshots: 1 },
  // Its index files are of a form that newer releases of restic refuse; the packs say the same.
  'old-index-repo': { snapshots: 4, error: /^index \w+ is JSON, but not an object/ },
  'checker-test-repo': { snapshots: 4 },
  'test-repo': { snapshots: 4 },
  'duplicate-packs-in-index-test-repo': { snapshots: 0 },
  'repo-index-missing': { snapshots: 2, error: /^folder \/ in snapshot \w+: tree blob \w+ is in no index$/ },
};

const directory = mkdtempSync(join(tmpdir(), 'fixtures-'));
after(() => rmSync(directory, { recursive: true, force: true }));

for (const [name, { snapshots, error }] of Object.entries(expected)) {
  if (!archives.includes(`${name}.tar.gz`)) continue;
  test(`the published repository ${name} is read, and checked with the result that restic gives`, async () => {
    const target = mkdtempSync(join(directory, name));
    execFileSync('tar', ['-xzf', join(fixtures, `${name}.tar.gz`), '-C', target]);
    execFileSync('chmod', ['-R', 'u+w', target]);
    const store = new LocalStore(join(target, 'repo'));
    const repository = await openRepository(store, { key: { password: new Secret('geheim') } });
    const errors: string[] = [];
    const summary = await check(repository, {
      readData: true,
      onProblem: ({ kind, message }) => (kind === 'error' ? errors.push(message) : undefined),
    });
    assert.equal(summary.snapshots, snapshots);
    assert.equal(errors.length > 0, error !== undefined, errors.join('\n'));
    if (error) assert.match(errors[0] ?? '', error);
    for (const snapshot of await repository.snapshots()) {
      await Array.fromAsync(listSnapshot(repository, snapshot, { onProblem: () => assert.ok(error) }));
    }
  });
}
