import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectAdmin } from '../../src/admin/index.ts';
import { RunningProgram } from '../rig/holdfast-process.ts';
import { Network } from '../rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

/** One line of what testssl.sh found. */
interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Above these nothing may be found. */
const harmless = ['OK', 'INFO', 'LOW', 'DEBUG'];

/** From this exit code on testssl.sh could not work; below it counts checks whose answer was not clear, as a line cut too early. */
const couldNotWork = 50;

/** What it says of a check that it could not make, as on a line that a busy machine was slow on; how grave that would be it does not say. */
const notAsked = /^check (?:couldn't be performed|failed)/;

/** What testssl.sh says of itself, or of a list that it cannot fetch here. */
const notOfTheServer = ['engine_problem', 'scanProblem', 'scanTime', 'cert_chain_of_trust', 'cert_trust'];

describe('testssl.sh', { timeout: 1_200_000 }, () => {
  let place: TemporaryDirectory;
  let network: Network;
  const at = (...names: string[]): string => join(place.path, ...names);

  /** Looks at the listener that asks nobody for a certificate, which has the TLS of all. */
  const look = async (name: string, ...checks: string[]): Promise<Finding[]> => {
    const file = at(`${name}.json`);
    const words = ['--quiet', '--warnings', 'off', '--color', '0', '--jsonfile', file, ...checks];
    const all = [...words, '--add-ca', at('ca.pem'), `127.0.0.1:${network.port + 1}`];
    const { code, stdout, stderr } = await new RunningProgram(all, { program: 'testssl' }).ended;
    assert.ok(code !== null && code < couldNotWork, `exit code ${code}\n${stdout}\n${stderr}`);
    const found = JSON.parse(readFileSync(file, 'utf8')) as Finding[];
    return found.filter(({ id }) => !notOfTheServer.some((each) => id.startsWith(each)));
  };
  const worse = (found: readonly Finding[]): string[] =>
    found
      .filter(({ severity }) => !harmless.includes(severity))
      .filter(({ severity, finding }) => severity !== 'WARN' || !notAsked.test(finding))
      .map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`);
  const of = (found: readonly Finding[], id: string): string =>
    found.find((each) => each.id === id)?.finding ?? '';

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    await network.run(['ca', 'export', at('ca.pem')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('finds nothing above LOW on the default server, and TLS 1.3 alone', async () => {
    const found = await look('default', '--protocols', '--server-defaults', '--fs', '--vulnerable');
    assert.ok(found.filter(({ severity }) => severity === 'OK').length > 20, JSON.stringify(found));
    assert.deepEqual(worse(found), []);
    assert.match(of(found, 'TLS1_3'), /^offered/);
    for (const id of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'TLS1_2'])
      assert.match(of(found, id), /^not offered/, id);
  });

  it('reports the level that is named: intermediate is TLS 1.2 with forward secrecy and AEAD, and no more', async () => {
    const admin = await connectAdmin(join(network.home, 'admin.sock'));
    await admin?.call('policy.set', { key: 'listeners.open.level', value: 'intermediate' });
    const found = await look('intermediate', '--protocols', '--std', '--fs');
    assert.deepEqual(worse(found), []);
    assert.match(of(found, 'TLS1_2'), /^offered/);
    assert.match(of(found, 'TLS1_3'), /^offered/);
    assert.match(of(found, 'TLS1_1'), /^not offered/);
    assert.match(of(found, 'cipherlist_STRONG') + of(found, 'cipherlist_STRONG_FS'), /offered/);
    for (const id of [
      'cipherlist_NULL',
      'cipherlist_aNULL',
      'cipherlist_LOW',
      'cipherlist_AVERAGE',
      'cipherlist_OBSOLETED',
    ])
      assert.doesNotMatch(of(found, id), /^offered/, id);
  });
});
