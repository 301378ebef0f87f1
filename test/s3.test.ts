import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { keyEnvironment, lacksS3Server, S3Server, testKey } from './rig/s3-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a repository in a bucket', { skip: lacksS3Server('versitygw') }, () => {
  let place: TemporaryDirectory;
  let server: S3Server;
  const at = (...names: string[]): string => join(place.path, ...names);
  const repo = (): string[] => ['--repo', server.repository('nightly'), '--password-file', at('pw')];
  const run = async (words: readonly string[], environment = keyEnvironment) =>
    await runHere([...words, '--home', at('home')], { HOME: place.path, ...environment });
  const holdfast = async (...words: string[]): Promise<void> =>
    assert.equal((await run(words)).error, undefined);
  const restic = async (...words: string[]): Promise<string> => {
    const env = {
      ...keyEnvironment,
      RESTIC_PASSWORD: 'known',
      RESTIC_REPOSITORY: server.repository('nightly'),
    };
    return (await runProgram('restic', ['--no-cache', ...words], { env })).stdout;
  };

  before(async () => {
    place = temporaryDirectory();
    server = await S3Server.start('versitygw');
    mkdirSync(at('data/deep'), { recursive: true });
    writeFileSync(at('data/large'), randomBytes(3_000_000));
    writeFileSync(at('data/deep/text'), 'again and again\n'.repeat(5000));
    writeFileSync(at('pw'), 'known\n');
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is written by Holdfast and read by restic, and the other way round', async () => {
    await holdfast('backup', at('data'), '--init', ...repo());
    assert.match(await restic('check', '--read-data'), /no errors were found/);
    writeFileSync(at('data/new'), 'from restic');
    await restic('backup', at('data'));
    await holdfast('restore', 'latest', '--target', at('by-us'), ...repo());
    assertSameTree(join(at('by-us'), at('data')), at('data'));
    await holdfast('forget', '--keep-last', '1', '--prune', ...repo());
    assert.match(await restic('check', '--read-data'), /no errors were found/);
    const names = readdirSync(join(server.directory, 'backups/nightly')).sort();
    assert.deepEqual(
      names.filter((name) => !name.startsWith('.')),
      ['config', 'data', 'index', 'keys', 'locks', 'snapshots'].filter((name) => names.includes(name)),
    );
  });

  it('is a place to copy to and from', async () => {
    writeFileSync(at('pw-copy'), 'of the copy\n');
    const copy = ['--repo', at('copy'), '--password-file', at('pw-copy')];
    const from = ['--from-repo', server.repository('nightly'), '--from-password-file', at('pw')];
    await holdfast('copy', 'latest', ...from, ...copy, '--init');
    await holdfast('check', ...copy);
  });

  it('is refused by name where something is wrong, and no secret is shown', async () => {
    const known = { ...keyEnvironment };
    const wrong: [code: string, words: readonly string[], environment: Record<string, string>][] = [
      ['credentials_missing', repo(), { ...known, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
      ['credentials_refused', repo(), { ...known, AWS_SECRET_ACCESS_KEY: 'a-canary' }],
      ['bucket_missing', ['--repo', `s3:${server.endpoint}/nowhere/x`, '--password-file', at('pw')], known],
      ['repository_missing', ['--repo', server.repository('empty'), '--password-file', at('pw')], known],
      ['tls_required', ['--repo', 's3:http://s3.example.com/bucket', '--password-file', at('pw')], known],
      [
        'tls_not_spoken',
        ['--repo', `s3:${server.endpoint.replace('http:', 'https:')}/backups`, '--password-file', at('pw')],
        known,
      ],
      [
        'usage',
        ['--repo', 's3:https://a-canary:secret@s3.example.com/bucket', '--password-file', at('pw')],
        known,
      ],
    ];
    for (const [code, words, environment] of wrong) {
      const { error } = await run(['snapshots', ...words], environment);
      assert.equal(error?.code, code, error?.message);
      const said = `${error.message} ${error.hint}`;
      for (const secret of ['a-canary', testKey.secretAccessKey]) assert.ok(!said.includes(secret), said);
    }
  });
});
