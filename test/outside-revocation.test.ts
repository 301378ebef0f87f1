import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { OpensslCa } from './rig/existing-authority.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Outside {
  readonly subject: string;
  readonly revocation: string;
  readonly revocationReason?: string;
  readonly problem: string | null;
}

const authority = ['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'];

describe('an authority whose corporate root has a revocation list', () => {
  let place: TemporaryDirectory;
  let corporate: OpensslCa;
  let office: Network;
  let ann: NetworkClient;
  /** What is at the address that the certificate names. */
  let list: Buffer | undefined;
  const lists = createServer((_, response) => {
    response.statusCode = list === undefined ? 404 : 200;
    response.end(list);
  });
  const at = (...names: string[]): string => join(place.path, ...names);
  const answer = (): string[] => ['--root', at('corporate/cacert.pem')];
  const sign = (request: string): Promise<string> => {
    const { port } = lists.address() as AddressInfo;
    const point = `crlDistributionPoints=URI:http://127.0.0.1:${port}/root.crl`;
    return corporate.signAs(at(request), [...authority, point]);
  };
  const publish = async (): Promise<void> => {
    await corporate.signList();
    await corporate.openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
    list = readFileSync(at('corporate/crl.der'));
  };
  const outside = async (): Promise<readonly Outside[]> =>
    (await office.ask<{ outside: Outside[] }>('ca.show')).outside;
  /** Waits until the server has asked and it is as expected. */
  const learns = async (expected: (found: Outside) => boolean): Promise<Outside> => {
    for (;;) {
      const [found] = await outside();
      if (found !== undefined && expected(found)) return found;
      await setTimeout(100);
    }
  };
  /** A server asks when it starts, and then once a day. */
  const restart = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
    await office.server.stop();
    await office.restart(env);
  };

  before(async () => {
    place = temporaryDirectory();
    lists.listen(0, '127.0.0.1');
    corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
    await publish();
    const creation = ['ca', 'create', '--subordinate', '--cn', 'Office', '--out', at('office.csr')];
    office = await Network.start(at('server'), launcher, creation, async (home) => {
      writeFileSync(at('office.pem'), await sign('office.csr'));
      await runProgram(launcher, ['ca', 'complete', at('office.pem'), ...answer(), '--home', home]);
    });
    ann = await office.join('ann', at('ann'));
  });
  after(async () => {
    await office[Symbol.asyncDispose]();
    lists.closeAllConnections();
    lists.close();
    place[Symbol.dispose]();
  });

  it('learns that it is not revoked, and shows it', async () => {
    await learns(({ revocation }) => revocation === 'good');
    const { stdout } = await office.run(['ca', 'show']);
    assert.match(
      stdout,
      /outside +CN=Office.*signed by CN=Corporate Root[^]*not revoked, learnt .*, good until /,
    );
    assert.match(stdout, /outside +CN=Corporate Root.*signed itself/);
    assert.doesNotMatch((await office.run(['status'])).stderr, /revoked/);
  });

  it('goes on while the list cannot be had, and says why it does not know', async () => {
    const kept = list;
    list = undefined;
    await restart();
    const { problem } = await learns((found) => found.problem !== null);
    assert.match(problem ?? '', /http:\/\/127\.0\.0\.1:\d+\/root\.crl cannot be had: status 404/);
    await ann.run(['cert', 'renew', '--early']);
    await office.run(['policy', 'set', 'outsideRevocation', 'hard']);
    // What was learnt counts until the list ends.
    await ann.run(['cert', 'renew', '--early']);
    await office.run(['policy', 'set', 'outsideRevocation', 'soft']);
    list = kept;
  });

  it('issues nothing while it is on hold, says so everywhere, and backups go on', async () => {
    await corporate.revoke('1000', 'certificateHold');
    await publish();
    await restart();
    await learns(({ revocation }) => revocation === 'revoked');
    const hold =
      /CN=Corporate Root,O=Old,C=DE has put the certificate of Office on hold.*\(certificateHold\)/;
    for (const words of [['status'], ['ca', 'show']]) assert.match((await office.run(words)).stderr, hold);
    await assertRefused(['cert', 'renew', '--early', '--home', ann.home], {
      code: 'root_revoked',
      exit: 1,
      message: hold,
      untouched: at('corporate'),
    });
    const bob = office.client('bob', at('bob'));
    const refused = await bob.run(['join', await office.joinCode('bob')], 1);
    assert.match(refused.stderr, /root_revoked/);
    writeFileSync(at('letter'), 'kept');
    await ann.run(['backup', at('letter')]);
  });

  it('goes on by itself when the hold is lifted', async () => {
    const index = at('corporate/index.txt');
    const lifted = readFileSync(index, 'utf8').replace(/^R\t(\S+)\t\S+\t(1000\t.*)$/m, 'V\t$1\t\t$2');
    writeFileSync(index, lifted);
    // A list of the very second that said it is no newer one.
    await setTimeout(1100);
    await publish();
    await restart();
    await learns(({ revocation }) => revocation === 'good');
    await ann.run(['cert', 'renew', '--early']);
    const { stdout } = await office.run(['audit', 'list', '--kind', 'outside hold lifted']);
    assert.match(stdout, /Office/);
  });

  it('issues again below another certificate, once its own was revoked for ever', async () => {
    await office.run(['ca', 'request', '--out', at('next.csr')]);
    await corporate.revoke('1000', 'superseded');
    await publish();
    await restart();
    await learns(({ revocationReason }) => revocationReason === 'superseded');
    await ann.run(['cert', 'renew', '--early'], 1);
    await assertRefused(['ca', 'complete', at('office.pem'), ...answer(), '--home', office.home], {
      code: 'root_unfit',
      exit: 1,
      message: /has revoked number 1000 of CN=Office.*\(superseded\): expected one that is not revoked/,
      untouched: at('corporate'),
    });
    writeFileSync(at('next.pem'), await sign('next.csr'));
    await office.run(['ca', 'complete', at('next.pem'), ...answer()]);
    await learns(({ revocation }) => revocation === 'good');
    await ann.run(['cert', 'renew', '--early']);
    await office.run(['audit', 'verify']);
  });

  it('has what it learnt after a restore and on another machine', async () => {
    await corporate.revoke('1001', 'cessationOfOperation');
    await publish();
    await restart();
    await learns(({ revocation }) => revocation === 'revoked');
    await office.run(['ca', 'backup', at('authority.age')]);
    const kit = ['--kit', join(office.home, 'recovery-kit.txt'), '--names', 'localhost'];
    const home = ['--home', at('restored')];
    const words = ['ca', 'restore', at('authority.age'), '--log-is-lost', 'test', ...kit, ...home];
    await runProgram(launcher, words);
    const { stdout } = await runProgram(launcher, ['ca', 'show', '--json', ...home]);
    const [first] = (JSON.parse(stdout) as { outside: Outside[] }).outside;
    assert.equal(first?.revocationReason, 'cessationOfOperation');
    await runProgram(launcher, ['audit', 'verify', ...home]);
  });
});
