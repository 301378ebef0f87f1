import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
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
