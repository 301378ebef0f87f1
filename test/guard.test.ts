import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { certifiedRequest } from './rig/certified-request.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient, type ResticAccess } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

describe('what a client may do with what it has stored', () => {
  const place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  let network: Network;
  let alpha: NetworkClient;
  let access: ResticAccess;
  const restic = (...words: string[]) => runProgram('restic', [...access.options, '--no-cache', ...words]);
  /** Restic would try again for minutes what is refused. */
  const removal = async (path: string): Promise<string> => {
    const { directory } = access;
    const files = { ca: join(directory, 'ca.pem'), certificate: join(directory, 'client.pem') };
    const url = `https://127.0.0.1:${network.port}/alpha/${path}`;
    const { body } = await certifiedRequest(url, { ...files, method: 'DELETE' });
    return body === '' ? 'done' : (JSON.parse(body) as { code: string }).code;
  };
  const stored = (type: string): string[] => readdirSync(join(network.storedAt('alpha'), type));

  before(async () => {
    network = await Network.start(at('server'));
    alpha = await network.join('alpha', at('alpha'));
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'first\n');
    await alpha.run(['backup', at('data')]);
    access = await alpha.exportForRestic();
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is nothing but to add, until an administrator lets it prune; and nothing again when that is taken back', async () => {
    writeFileSync(at('data/a'), 'second\n');
    await alpha.run(['backup', at('data')]);
    const [first = ''] = stored('snapshots');
    assert.equal(await removal(`snapshots/${first}`), 'append_only');
    const { stdout } = await network.run(['node', 'set', 'alpha', 'prune', 'on']);
    assert.match(stdout, /prune +on/);
    await restic('forget', '--keep-last', '1', '--prune');
    assert.equal(stored('snapshots').length, 1);
    await network.run(['node', 'set', 'alpha', 'prune', 'off']);
    const [left = ''] = stored('snapshots');
    assert.equal(await removal(`snapshots/${left}`), 'append_only');
    const [node] = JSON.parse((await network.run(['nodes', '--name', 'alpha', '--json'])).stdout);
    assert.deepEqual(node.bounds, { prune: false, quota: null, quarantinedAt: null });
    await network.run(['node', 'set', 'nobody', 'prune', 'on'], 1);
  });

  it('is to remove into the trash, from which an administrator brings it back as it was at a time', async () => {
    await network.run(['node', 'set', 'alpha', 'prune', 'on']);
    const before = new Date().toISOString();
    const kept = stored('snapshots');
    writeFileSync(at('data/a'), 'encrypted\n');
    await alpha.run(['backup', at('data')]);
    await restic('forget', '--keep-last', '1', '--prune');
    assert.ok(!stored('snapshots').includes(kept[0] ?? ''));
    const [group] = JSON.parse((await network.run(['trash', 'list', '--client', 'alpha', '--json'])).stdout);
    assert.ok(group.snapshots >= 2 && group.objects > group.snapshots && group.lockedUntil === null);
    await network.run(['trash', 'list', '--client', 'alpha', '--repository', 'none']);
    const { stdout } = await network.run(['trash', 'restore', 'alpha', '--before', before]);
    assert.match(stdout, /restored +\d+ objects/);
    assert.deepEqual(stored('snapshots'), kept);
    await restic('check', '--read-data');
    await restic('restore', 'latest', '--target', at('back-from-trash'));
    assert.equal(readFileSync(join(at('back-from-trash'), at('data/a')), 'utf8'), 'second\n');
    await network.run(['trash', 'restore', 'alpha', '--repository', 'none', '--before', 'noon'], 2);
  });

  it('is not even to remove within the retention lock, nor can an administrator alone empty the trash or end the lock', async () => {
    const [left = ''] = stored('snapshots');
    const [pack = ''] = readdirSync(join(network.storedAt('alpha'), 'data'), { recursive: true })
      .map(String)
      .flatMap((path) => (/[0-9a-f]{64}$/.exec(path) ?? []).slice(0, 1));
    await network.run(['policy', 'set', 'retention-lock', '30d']);
    assert.equal(await removal(`snapshots/${left}`), 'retention_locked');
    assert.equal(await removal(`data/${pack}`), 'done');
    const empty = [
      'trash',
      'empty',
      '--client',
      'alpha',
      '--removed-before',
      new Date().toISOString(),
      '--json',
    ];
    const said = JSON.parse((await network.run(empty)).stdout);
    const done = JSON.parse((await network.run([...empty, '--yes'])).stdout);
    assert.deepEqual(done, { ...said, applied: true });
    assert.ok(done.removed > 0 && done.kept === 1);
    await network.run(['trash', 'empty', '--repository', 'none', '--yes']);
    assert.match((await network.run(['trash', 'list'])).stdout, /alpha +\d{4}-/);
    await network.run(['trash', 'restore', 'alpha']);
    await restic('check', '--read-data');
    const { stderr } = await network.run(['policy', 'set', 'retention-lock', 'off'], 23);
    assert.match(stderr, /admin\/local has proposed it, and another administrator has to say the same/);
    const { stdout } = await network.run(['policy', 'show']);
    assert.match(stdout, /retentionLockMs +30d +off/);
    await network.run(['node', 'set', 'alpha', 'prune', 'off']);
  });

  it('is as much as its quota, of which it is told before it is used up, with a way out', async () => {
    const directory = network.storedAt('alpha');
    const used = ['config', ...readdirSync(directory, { recursive: true }).map(String)]
      .filter((path) => /^(?:keys|data|index|snapshots)\/.*[0-9a-f]{64}$/.test(path))
      .reduce((sum, path) => sum + statSync(join(directory, path)).size, 0);
    // What was restored is counted by the next upkeep.
    for (let times = 0; times < 100; times++) {
      const [node] = JSON.parse((await network.run(['nodes', '--name', 'alpha', '--json'])).stdout);
      if (Math.abs((node.usage?.stored ?? 0) - used) < 1000) break;
      await setTimeout(200);
    }
    await network.run(['node', 'set', 'alpha', 'quota', `${Math.round(used + 5000)}B`]);
    writeFileSync(at('data/a'), 'second\n');
    writeFileSync(at('data/large'), randomBytes(200_000));
    const { stderr } = await alpha.run(['backup', at('data')], 23);
    assert.match(stderr, /quota_exceeded/);
    assert.match(stderr, /holdfast node set NAME quota 500GB/);
    await network.run(['node', 'set', 'alpha', 'quota', `${used + 215_000}B`]);
    const told = await alpha.run(['backup', at('data')]);
    assert.match(told.stderr, /this machine has stored .* that it may/);
    const low = await alpha.run(['status', '--check'], 4);
    assert.match(low.stdout, /this machine has stored .* that it may: .*holdfast node set NAME quota 500GB/);
    assert.match((await network.run(['nodes', '--name', 'alpha'])).stdout, /stored +.*in the trash/);
    assert.match((await network.run(['node', 'set', 'alpha', 'quota', 'none'])).stdout, /quota +none/);
    await network.run(['node', 'set', 'alpha', 'quota', '1.5G'], 2);
    await network.run(['node', 'set', 'alpha', 'quota', 'default']);
    await alpha.run(['backup', at('data')]);
    const status = await alpha.run(['status']);
    assert.match(status.stdout, /stored +\S+ \S+ at the server +just now/);
    assert.doesNotMatch(status.stderr, /that it may/);
  });

  it('is to restore and nothing else in quarantine, until it is released', async () => {
    await network.run(['node', 'quarantine', 'alpha', '--reason', 'ransomware']);
    const before = stored('snapshots');
    const { stderr } = await alpha.run(['backup', at('data')], 23);
    assert.match(stderr, /quarantine/);
    assert.match((await alpha.run(['cert', 'renew', '--early'], 23)).stderr, /quarantine/);
    await alpha.run(['restore', 'latest', '--target', at('back')]);
    assert.equal(readFileSync(join(at('back'), at('data/a')), 'utf8'), 'second\n');
    await restic('restore', 'latest', '--no-lock', '--target', at('back-by-restic'));
    assert.ok(existsSync(join(at('back-by-restic'), at('data/a'))));
    assert.deepEqual(stored('snapshots'), before);
    assert.match((await network.run(['nodes', '--name', 'alpha'])).stdout, /quarantine +since/);
    await network.run(['node', 'release', 'alpha', '--reason', 'all clear']);
    await alpha.run(['backup', at('data')]);
    const { stdout } = await network.run(['audit', 'list', '--kind', 'client bounded']);
    assert.match(stdout, /ransomware/);
    assert.match(stdout, /all clear/);
  });
});
