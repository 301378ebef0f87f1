import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { takesConnections } from './rig/takes-connections.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

describe('plain ports', () => {
  const place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  let network: Network;
  let alpha: NetworkClient;
  const set = (key: string, value: string, ...words: string[]) =>
    runHoldfast(['policy', 'set', key, value, ...words, '--home', network.home]);
  const valueOf = async (key: string): Promise<unknown> => {
    const { keys } = JSON.parse((await network.run(['policy', 'show', '--json'])).stdout);
    return keys.find((each: { key: string }) => each.key === key).value;
  };
  /** What curl gets at the plain port: status, then body. */
  const fetched = async (path: string): Promise<string> => {
    const url = `http://127.0.0.1:${network.port + 2}${path}`;
    return (await runProgram('curl', ['-sS', '-o', '-', '-w', '\n%{http_code}', url])).stdout;
  };
  const seenOnPlain = async (name: string): Promise<void> => {
    for (;;) {
      if (JSON.stringify(await network.ask('node.list', { name })).includes('"by":"ticket"')) return;
      await setTimeout(200);
    }
  };

  before(async () => {
    network = await Network.start(at('server'));
    alpha = await network.join('alpha', at('alpha'));
    mkdirSync(at('data'));
    // Small packs go over TLS.
    writeFileSync(at('data/a'), randomBytes(400_000));
    await network.run(['policy', 'set', 'data-channel', 'plain']);
    await alpha.run(['backup', at('data')]);
    // A program that was told the wrong address: it gets nothing, and is told where to go.
    const refused = await fetched('/beta/config');
    assert.match(refused, /tls_required.*\n403$/s);
    assert.match(refused, new RegExp(`https://[^" ]+:${network.port}"`));
    // What is no repository's address is no client.
    assert.match(await fetched('/favicon.ico'), /\n403$/);
    await seenOnPlain('alpha');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('are not taken from clients that were seen on them, who are named, unless that is said', async () => {
    let refused = await set('data-channel', 'tls', '--json');
    // Who was seen is written down a little later, and nothing is changed until then.
    for (let tries = 0; tries < 100 && !refused.stderr.includes('127.0.0.1'); tries++)
      refused = await set('data-channel', 'tls', '--json');
    assert.equal(refused.code, 23);
    const { error } = JSON.parse(refused.stderr);
    assert.equal(error.code, 'clients_on_plain');
    assert.deepEqual(error.names, ['client/alpha', '127.0.0.1']);
    assert.match(error.hint, /^holdfast policy set data-channel tls --yes/);
    assert.equal(await valueOf('dataChannel'), 'plain');

    const file = at('policy.json');
    await network.run(['policy', 'export', file]);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/"dataChannel": *"plain"/, '"dataChannel": "tls"'),
    );
    const shown = await network.run(['policy', 'import', file]);
    assert.match(shown.stderr, /client\/alpha was seen on a plain port within 30 days/);
    assert.equal(await valueOf('dataChannel'), 'plain');
  });

  it('stay open when the settings of a running server take them away, until that was decided', async () => {
    const path = join(network.home, 'holdfast.toml');
    const settings = readFileSync(path, 'utf8');
    writeFileSync(path, settings + tlsListeners(network.port));
    process.kill(network.server.pid, 'SIGHUP');
    await network.server.waitFor(/clients_on_plain/);
    await network.server.waitFor(/holdfast policy set tls-only on --yes/);
    assert.ok(await takesConnections(network.port + 2));

    const contradicting = await set('tls-only', 'on', '--yes');
    assert.match(contradicting.stderr, /settings_invalid/);
    const ended = await set('data-channel', 'tls', '--yes');
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /client\/alpha was seen on a plain port within 30 days/);
    assert.match((await set('tls-only', 'on')).stderr, /clients_on_plain/);
    assert.match(await fetched('/-/health'), /"status":"ok".*\n200$/s);
    assert.equal((await set('tls-only', 'on', '--yes')).code, 0);

    process.kill(network.server.pid, 'SIGHUP');
    while (await takesConnections(network.port + 2)) await setTimeout(50);
    writeFileSync(path, settings);
    process.kill(network.server.pid, 'SIGHUP');
    while (!(await takesConnections(network.port + 2))) await setTimeout(50);
  });

  it('answer what certificates point to and nothing else when only TLS is left, and say where the rest is', async () => {
    assert.equal(await valueOf('tlsOnly'), 'on');
    const health = await fetched('/-/health');
    assert.match(health, new RegExp(`tls_required.*https://[^" ]+:${network.port + 1}.*\n403$`, 's'));
    assert.doesNotMatch(health, /network\.test/);
    assert.match(await fetched('/beta/config'), /tls_required.*\n403$/s);

    await alpha.run(['cert', 'export', at('pem')]);
    const [leaf, issuing, root] = [at('pem/client.pem'), at('issuing.pem'), at('pem/ca.pem')];
    const status = `http://127.0.0.1:${network.port + 2}/-/status`;
    await runProgram('curl', ['-sS', '--fail', '-o', at('issuing.cer'), `${status}/issuing-1.cer`]);
    await runProgram('openssl', ['x509', '-inform', 'DER', '-in', at('issuing.cer'), '-out', issuing]);
    const { stdout: text } = await runProgram('openssl', ['x509', '-in', leaf, '-noout', '-text']);
    const [, crl = ''] = /CRL Distribution[^]*?URI:(\S+)/.exec(text) ?? [];
    const [, ocsp = ''] = /OCSP - URI:(\S+)/.exec(text) ?? [];
    for (const url of [crl, ocsp]) assert.equal(new URL(url).port, String(network.port + 2), url);
    const here = (url: string): string => url.replace(new URL(url).hostname, '127.0.0.1');
    await runProgram('curl', ['-sS', '--fail', '-o', at('list.crl'), here(crl)]);
    const list = await runProgram('openssl', [
      'crl',
      '-inform',
      'DER',
      '-in',
      at('list.crl'),
      '-noout',
      '-text',
    ]);
    assert.match(list.stdout, /Certificate Revocation List/);
    const words = [
      '-issuer',
      issuing,
      '-cert',
      leaf,
      '-url',
      here(ocsp),
      '-CAfile',
      root,
      '-verify_other',
      issuing,
    ];
    const answer = await runProgram('openssl', ['ocsp', ...words]);
    assert.match(`${answer.stdout}${answer.stderr}`, /client\.pem: good/);
    assert.match(await fetched('/-/status/servers'), /"servers":\["https:.*\n200$/s);
    await alpha.run(['backup', at('data')]);
  });
});

function tlsListeners(port: number): string {
  return listenersToml(usualListeners(port).filter(({ kind }) => kind !== 'plain'));
}
