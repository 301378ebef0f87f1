import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { SshServer } from './rig/ssh-server.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a repository by SFTP', () => {
  let place: TemporaryDirectory;
  let server: SshServer;
  let environment: Record<string, string>;
  const at = (...names: string[]): string => join(place.path, ...names);
  const repo = (): string[] => ['--repo', server.repository(at('there')), '--password-file', at('pw')];
  const run = async (words: readonly string[], env = environment) =>
    await runHere([...words, '--home', at('home')], { HOME: place.path, ...env });
  const holdfast = async (...words: string[]): Promise<void> =>
    assert.equal((await run(words)).error, undefined);
  const restic = async (...words: string[]): Promise<string> => {
    const env = {
      ...environment,
      RESTIC_PASSWORD: 'known',
      RESTIC_REPOSITORY: server.repository(at('there')),
    };
    return (await runProgram('restic', ['--no-cache', ...words], { env })).stdout;
  };

  before(async () => {
    place = temporaryDirectory();
    server = await SshServer.start();
    environment = await server.environment();
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
    assert.deepEqual(readdirSync(at('there/.uploads')), []);
  });

  it('is refused by name where ssh lets nobody in, or the address is none', async () => {
    const stranger = await server.environment({ key: 'stranger' });
    const refused = await run(['snapshots', ...repo()], stranger);
    assert.equal(refused.error?.code, 'ssh_refused');
    for (const address of [
      'sftp:-oProxyCommand=x:/srv',
      'sftp:ann:a-canary@nas:/srv',
      'sftp://ann:a-canary@nas/srv',
    ]) {
      const { error } = await run(['snapshots', '--repo', address, '--password-file', at('pw')]);
      assert.equal(error?.code, 'usage', address);
      assert.ok(!`${error.message} ${error.hint}`.includes('a-canary'));
    }
  });
});
