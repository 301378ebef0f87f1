import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeCheckpointHeader, type SignedCheckpoint } from '../src/enrol/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast, startHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

test('the authority of before a restore is stopped by any client of the new one, and by nobody else', async () => {
  using directory = temporaryDirectory();
  const at = (name: string): string => join(directory.path, name);
  await using network = await Network.start(at('old'));
  // Three clients: one will have a certificate that the old authority does not know, one only have heard of the new one.
  const [renewed, told, before] = await Promise.all(
    ['renewed', 'told', 'before'].map((name) => network.join(name, at(name))),
  );
  assert.ok(renewed && told && before);
  mkdirSync(at('data'));
  writeFileSync(at('data/a'), 'a');
  await network.run(['ca', 'backup', at('x.age')]);
  await network.server.stop();
  execFileSync('cp', ['-a', network.home, at('twin')]);

  const home = at('new');
  const port = String(await freePorts());
  const kit = join(network.home, 'recovery-kit.txt');
  const where = ['--home', home, '--names', '127.0.0.1', '--port', port];
  const restore = ['ca', 'restore', at('x.age'), '--kit', kit, '--log-is-lost', 'a test', ...where];
  assert.equal((await runHoldfast(restore)).code, 0);
  {
    await using server = startHoldfast(['serve', '--home', home]);
    await server.waitFor(/listening/);
    await renewed.run(['cert', 'renew', '--early']);
    await told.run(['backup', at('data')]);
  }

  // The old one comes back at the address that all of them know, and the new one is down.
  await network.restart();
  const known = checkpointOf(renewed);
  const forged = { ...known, signature: checkpointOf(before).signature };
  assert.equal(await hello(network, before, forged), 200);
  assert.equal(await hello(network, before, checkpointOf(before)), 200);
  await before.run(['backup', at('data')]);
  const refused = await renewed.run(['backup', at('data')], 1);
  assert.match(refused.stderr, /\[authority_superseded\]/);
  assert.doesNotMatch(refused.stderr, /reissue/);
  assert.match((await network.server.ended).stderr, /\[authority_superseded\]/);

  const twin = startHoldfast(['serve', '--home', at('twin'), '--port', String(network.port)]);
  await twin.waitFor(/listening/);
  assert.match((await told.run(['backup', at('data')], 1)).stderr, /\[authority_superseded\]/);
  assert.match((await twin.ended).stderr, /\[authority_superseded\]/);
  const { stdout } = await runHoldfast(['audit', 'list', '--json', '--home', at('twin')]);
  assert.match(stdout, /client\/told/);

  await using server = startHoldfast(['serve', '--home', home]);
  await server.waitFor(/listening/);
  await renewed.run(['backup', at('data')]);
});

/** The newest checkpoint that a client was shown. */
function checkpointOf({ home }: NetworkClient): SignedCheckpoint {
  const state = JSON.parse(readFileSync(join(home, 'node/node.json'), 'utf8')) as {
    checkpoint: SignedCheckpoint;
  };
  return state.checkpoint;
}

/** Says with a client's certificate that `signed` was shown to it; the status of the answer. */
async function hello(network: Network, client: NetworkClient, signed: SignedCheckpoint): Promise<number> {
  const { directory } = await client.exportForRestic();
  const pem = readFileSync(join(directory, 'client.pem'), 'utf8');
  const options = {
    host: '127.0.0.1',
    port: network.port,
    path: '/-/control/root-crl',
    cert: pem,
    key: pem,
    agent: false as const,
    rejectUnauthorized: false,
    headers: { 'holdfast-checkpoint': encodeCheckpointHeader(signed) },
  };
  return await new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
