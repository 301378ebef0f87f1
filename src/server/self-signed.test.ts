import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type TemporaryDirectory, temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { dayMs, ManualClock } from '../base/index.ts';
import { certificatesFromPem, parseCertificate } from '../pki/index.ts';
import { Keystore } from '../trust/index.ts';
import { type SelfSigned, selfSigned, selfSignedWarnings } from './self-signed.ts';

const names = ['vault.example', '192.0.2.7'];

describe('the certificate of a server without an authority', () => {
  let place: TemporaryDirectory;
  let keystore: Keystore;
  let clock: ManualClock;
  const file = (): string => join(place.path, 'cert256.arm');
  const open = (renew = false): Promise<SelfSigned> =>
    selfSigned({ keystore, file: file(), names, clock, renew });

  beforeEach(async () => {
    place = temporaryDirectory();
    keystore = await Keystore.create(join(place.path, 'node'));
    clock = new ManualClock(Date.parse('2026-11-29T12:00:00Z'));
  });
  afterEach(() => place[Symbol.dispose]());

  it('is made once, and lies in a file for those who import it, also when that was removed', async () => {
    const first = await open();
    assert.equal(first.state, 'made');
    const [der] = certificatesFromPem(readFileSync(file(), 'utf8'));
    assert.equal(parseCertificate(der as Uint8Array).fingerprint, first.certificate.fingerprint);
    rmSync(file());
    const second = await open();
    assert.deepEqual([second.state, second.certificate.fingerprint], ['kept', first.certificate.fingerprint]);
    assert.ok(existsSync(file()));
  });

  it('is made again for the same key when somebody says so, and for another where the key is lost', async () => {
    const first = await open();
    const second = await open(true);
    assert.deepEqual([second.state, second.before?.fingerprint], ['renewed', first.certificate.fingerprint]);
    assert.deepEqual(second.certificate.spki, first.certificate.spki);
    rmSync(join(place.path, 'node'), { recursive: true });
    keystore = await Keystore.create(join(place.path, 'node'));
    const third = await open();
    assert.deepEqual([third.state, third.before?.fingerprint], ['replaced', second.certificate.fingerprint]);
    assert.notDeepEqual(third.certificate.spki, second.certificate.spki);
  });

  it('tells its end and the names that it is not for, and is not used after its end', async () => {
    const { certificate } = await open();
    const warned = (days: number, said = names): string[] =>
      selfSignedWarnings(certificate, said, clock.now() + days * dayMs);
    assert.deepEqual(warned(0), []);
    assert.match(warned(3600).join(), /ends 2036.*--renew-certificate/);
    assert.match(warned(0, [...names, 'nas.example']).join(), /is not for nas\.example; /);
    clock.advance(3651 * dayMs);
    await assert.rejects(open(), { code: 'certificate_expired' });
    assert.equal((await open(true)).state, 'renewed');
  });
});
