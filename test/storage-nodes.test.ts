import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemErrorCode } from '../src/base/index.ts';
import { certifiedRequest } from './rig/certified-request.ts';
import { assertSameTree } from './rig/compare-trees.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { StorageNode } from './rig/storage-node.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const run = promisify(execFile);

let place: TemporaryDirectory;
let network: Network;
let vault: StorageNode;
let alpha: NetworkClient;
/** What `cert export --layout pem` gives alpha. */
let files: { readonly ca: string; readonly certificate: string };
const at = (...names: string[]): string => join(place.path, ...names);

before(async () => {
  place = temporaryDirectory();
  mkdirSync(at('data/deep'), { recursive: true });
  writeFileSync(at('data/deep/random'), randomBytes(300_000));
  writeFileSync(at('data/text'), 'what is saved\n');
  network = await Network.start(at('network'));
  vault = await StorageNode.start(network, 'vault1', at('vault1'));
  alpha = await network.join('alpha', at('alpha'));
  await alpha.run(['backup', '--to', 'vault1', at('data')]);
  await alpha.run(['cert', 'export', '--layout', 'pem', at('pem')]);
  files = { ca: at('pem/ca.pem'), certificate: at('both.pem') };
  writeFileSync(
    files.certificate,
    readFileSync(at('pem/client.pem'), 'utf8') + readFileSync(at('pem/client.key'), 'utf8'),
  );
});
after(async () => {
  await vault?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

/** What the storage node answers to the removal of a lock that is not there, which changes something where it may. */
async function change(): Promise<{ status: number; code: string | undefined }> {
  const { status, body } = await certifiedRequest(`${vault.url}/alpha/locks/${'0'.repeat(64)}`, {
    ...files,
    method: 'DELETE',
  });
  return { status, code: body === '' ? undefined : (JSON.parse(body) as { code: string }).code };
}

/** Asks until the answer is what is expected; the test's own limit ends it. */
async function until<T>(ask: () => Promise<T>, expected: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (expected(answer)) return answer;
    await setTimeout(100);
  }
}

describe('a storage node', { timeout: 240_000 }, () => {
  it('keeps what a client sends with the certificate that it has, and gives it back', async () => {
    await alpha.run(['restore', 'latest', '--from', 'vault1', '--target', at('restored')]);
    assertSameTree(at('restored', at('data')), at('data'));
  });

  it('is what restic reads and writes, by the same certificate', async () => {
    writeFileSync(at('password'), 'of restic\n');
    await alpha.run(['key', 'add', '--repo', 'node:vault1', '--new-password-file', at('password')]);
    const { stdout } = await run('restic', [
      'check',
      `--cacert=${files.ca}`,
      `--tls-client-cert=${files.certificate}`,
      `--repo=rest:${vault.url}/alpha/`,
      `--password-file=${at('password')}`,
      '--no-cache',
      '--read-data',
    ]);
    assert.match(stdout, /no errors were found/);
  });

  it('is for each client alone, and for nobody without a certificate of the network', async () => {
    assert.equal((await certifiedRequest(`${vault.url}/beta/config`, files)).status, 403);
    await assert.rejects(certifiedRequest(`${vault.url}/alpha/config`, { ca: files.ca }));
    assert.equal((await certifiedRequest(`${vault.url}/-/control/trust`, files)).status, 404);
  });

  it('is nobody but itself: its certificate opens no repository, and nothing of the server but its own', async () => {
    await runProgram(network.program, ['cert', 'export', '--layout', 'pem', at('own'), '--home', vault.home]);
    writeFileSync(
      at('own.pem'),
      readFileSync(at('own/client.pem'), 'utf8') + readFileSync(at('own/client.key'), 'utf8'),
    );
    const stolen = { ca: files.ca, certificate: at('own.pem') };
    const server = `https://127.0.0.1:${network.port}`;
    for (const url of [
      `${vault.url}/alpha/config`,
      `${server}/alpha/config`,
      `${server}/-/control/escrow`,
      `${server}/-/control/storage-nodes`,
      `${server}/-/agent/grants`,
    ])
      assert.equal((await certifiedRequest(url, stolen)).status, 403, url);
    const operation = { ...stolen, method: 'POST', body: '{}' } as const;
    assert.equal((await certifiedRequest(`${server}/-/admin/node.list`, operation)).status, 403);
    assert.equal((await certifiedRequest(`${server}/-/control/network-view`, stolen)).status, 200);
    assert.equal((await certifiedRequest(`${server}/-/control/network-view`, files)).status, 403);
    await assert.rejects(
      network.ask('token.create', { name: 'server', role: 'storage', names: ['127.0.0.1'] }),
      /name_reserved/,
    );
  });

  it('hears within seconds what is decided of a client', async () => {
    assert.equal((await change()).status, 200);
    await network.ask('node.bound', { name: 'alpha', quarantined: true, reason: 'a test' });
    assert.deepEqual(await until(change, ({ status }) => status !== 200), {
      status: 403,
      code: 'node_quarantined',
    });
    await network.ask('node.bound', { name: 'alpha', quarantined: false });
    await until(change, ({ status }) => status === 200);
  });

  it('is where a set is saved to', async () => {
    await alpha.run(['set', 'add', 'films', at('data'), '--every', '1d', '--to', 'vault1']);
    await alpha.run(['set', 'run', 'films']);
    const { stdout } = await alpha.run(['snapshots', '--from', 'vault1', '--json']);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 2);
  });

  it('is made by a code for it alone, which is not used up by a machine that is to be something else', async () => {
    const beta = network.client('beta', at('beta'));
    const code = await network.joinCode('beta');
    const { stderr } = await beta.run(['join', '--role', 'storage', code], 2);
    assert.match(stderr, /makes this machine client beta, expected a code for the role storage/);
    await beta.run(['join', '--role', 'client', code]);
  });

  it('is named where there is none', async () => {
    const { stderr } = await alpha.run(['backup', '--to', 'vault9', at('data')], 2);
    assert.match(stderr, /no storage node vault9; it has: vault1 \[storage_node_unknown\]/);
  });

  it('starts after it was killed, and goes on while its server is down', async () => {
    await vault.stop('SIGKILL');
    await network.server.stop('SIGKILL');
    await vault.restart();
    assert.equal((await change()).status, 200);
    await alpha.run(['backup', '--to', 'vault1', at('data')]);
    await network.restart();
  });

  it('tells a store that is not there from an empty one', async () => {
    await vault.stop('SIGKILL');
    renameSync(join(vault.home, 'store'), at('unmounted'));
    mkdirSync(join(vault.home, 'store'));
    await vault.restart();
    const { stderr } = await alpha.run(['backup', '--to', 'vault1', at('data')], 1);
    assert.match(stderr, /store_missing/);
    rmSync(join(vault.home, 'store'), { recursive: true });
    renameSync(at('unmounted'), join(vault.home, 'store'));
    assert.equal((await certifiedRequest(`${vault.url}/alpha/config`, files)).status, 200);
  });

  it('is passed over for the next place of a machine when it is down before a backup begins', async () => {
    await vault.stop('SIGKILL');
    await alpha.run(['client', 'set', 'storage', 'vault1,server']);
    const { stderr } = await alpha.run(['backup', at('data')]);
    assert.match(stderr, /vault1 is out of reach, and server is tried/);
    await vault.restart();
    const { stdout } = await alpha.run(['snapshots', '--from', 'server', '--json']);
    assert.equal((JSON.parse(stdout) as unknown[]).length, 1);
  });

  it('ends whoever is revoked', async () => {
    await network.ask('cert.revoke', { what: 'client/alpha' });
    const cut = { status: 0, code: 'ECONNRESET' };
    const changeOrCut = () =>
      change().catch((error: unknown) => {
        // What is under way at that moment is cut off.
        if (systemErrorCode(error) === cut.code) return cut;
        throw error;
      });
    const answer = await until(changeOrCut, ({ status }) => status > 200);
    assert.deepEqual(answer, { status: 403, code: 'certificate_revoked' });
  });
});
