import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { assertRefused } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface IssuerView {
  readonly label: string;
  readonly subject: string;
  readonly fingerprint: string;
  readonly serial: string;
  readonly key: string;
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly keyPlace: string;
  readonly permitted: readonly string[];
}

describe('an authority that is looked at', () => {
  let place: TemporaryDirectory;
  let home: string;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = async (...words: string[]): Promise<string> =>
    (await runProgram(launcher, [...words, '--home', home])).stdout;
  const openssl = (...words: string[]): string => execFileSync('openssl', words, { encoding: 'utf8' });

  before(async () => {
    place = temporaryDirectory();
    home = at('home');
    await run('ca', 'create', '--network', 'network.test', '--names', 'localhost');
  });
  after(() => place[Symbol.dispose]());

  it('is the one that ca create made, as init does', async () => {
    const again = ['init', '--network', 'network.test', '--names', 'localhost', '--home', home];
    await assertRefused(again, { code: 'home_exists', exit: 1, untouched: home });
  });

  it('shows every certificate of its own as openssl does, and where the key is', async () => {
    const { certificates } = JSON.parse(await run('ca', 'show', '--json')) as { certificates: IssuerView[] };
    assert.deepEqual(
      certificates.map(({ label, key, keyPlace, permitted }) => [label, key, keyPlace, permitted]),
      [
        ['root-1', 'P-256', 'here', []],
        ['issuing-1', 'P-256', 'here', []],
      ],
    );
    await run('ca', 'export', '--chain', at('chain.pem'));
    const [issuing, root] = readFileSync(at('chain.pem'), 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/);
    for (const [index, pem] of [root, issuing].entries()) {
      const options = { input: pem, encoding: 'utf8' } as const;
      const words = [
        'x509',
        '-noout',
        '-fingerprint',
        '-sha256',
        '-serial',
        '-dateopt',
        'iso_8601',
        '-enddate',
      ];
      const text = execFileSync('openssl', words, options);
      const view = certificates[index];
      assert.ok(view);
      assert.match(text, new RegExp(view.fingerprint.replace('SHA256:', 'Fingerprint='), 'i'));
      assert.match(text, new RegExp(`serial=${view.serial}`, 'i'));
      assert.match(text, new RegExp(view.notAfter.slice(0, 10)));
      const days = (Date.parse(view.notAfter) - Date.now()) / 86_400_000;
      assert.ok(Math.abs(days - view.daysLeft) < 1.1);
    }
  });

  it('shows it in lines for people', async () => {
    const text = await run('ca', 'show');
    assert.match(text, /^ {2}authority {3}network\.test {3}epoch 1 {3}ready$/m);
    assert.match(text, /^ {2}root-1 +CN=Holdfast root-1,O=network\.test {3}in use$/m);
    assert.match(text, /key P-256 {3}here, in the keystore/);
    assert.match(text, /SHA256:(?:[0-9a-f]{2}:){31}[0-9a-f]{2}$/m);
  });

  it('is exported as PEM, DER and PKCS#7: the root alone, or issuing first and root last', async () => {
    await run('ca', 'export', at('root.pem'));
    assert.equal(readFileSync(at('root.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)?.length, 1);
    assert.match(
      openssl('verify', '-CAfile', at('root.pem'), '-untrusted', at('chain.pem'), at('chain.pem')),
      /OK/,
    );
    await run('ca', 'export', '--format', 'der', at('root.der'));
    assert.match(openssl('x509', '-inform', 'DER', '-in', at('root.der'), '-noout', '-subject'), /root-1/);
    await run('ca', 'export', '--chain', '--format', 'p7', at('chain.p7'));
    const subjects = openssl('pkcs7', '-inform', 'DER', '-in', at('chain.p7'), '-print_certs', '-noout');
    assert.deepEqual(
      [...subjects.matchAll(/^subject=.*Holdfast (\S+)$/gm)].map(([, label]) => label),
      ['issuing-1', 'root-1'],
    );
    const both = ['ca', 'export', '--chain', '--format', 'der', at('none'), '--home', home];
    await assertRefused(both, { code: 'usage', exit: 2, untouched: at('none') });
  });

  it('is exported over a file only when that is said, and never over anything else', async () => {
    const refused = (file: string, code: 'object_exists' | 'path_not_found', message: RegExp, force = '') =>
      assertRefused(['ca', 'export', at(file), '--home', home, ...(force ? [force] : [])], {
        code,
        exit: 1,
        message,
        untouched: at('kept'),
      });
    mkdirSync(at('kept'));
    writeFileSync(at('kept/letter'), 'precious');
    symlinkSync('letter', at('kept/link'));
    symlinkSync('/dev/null', at('kept/device'));
    await refused('kept/letter', 'object_exists', /letter already/);
    await refused('kept/link', 'object_exists', /link already/);
    await refused('kept', 'path_not_found', /kept is a directory/, '--force');
    await refused('kept/device', 'path_not_found', /device is no regular file/, '--force');
    await refused('kept/no/ca.pem', 'path_not_found', /no\/ca\.pem: there is no such folder/);
    await refused('kept/letter/below', 'path_not_found', /there is no such folder/);
    await run('ca', 'export', '--force', at('kept/link'));
    assert.match(readFileSync(at('kept/letter'), 'utf8'), /BEGIN CERTIFICATE/);
    assert.equal(readlinkSync(at('kept/link')), 'letter');
  });
});
