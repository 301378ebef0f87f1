import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Holder, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { dayMs, silentLog, systemClock, systemErrorCode } from '../base/index.ts';
import { Keystore } from '../trust/index.ts';
import { bindCertificate, unbindCertificate } from './change-binding.ts';
import { boundCertificates, readBindings, ServerBindings } from './tls-bindings.ts';

const target = { kind: 'host', name: 'vault.example' } as const;
const lost = (): Promise<void> => Promise.reject(new Error('the server was not reached'));
const told = async (): Promise<void> => {};

describe('a certificate that is bound to a host', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  let first: Holder;
  let second: Holder;
  let keystore: Keystore;
  before(async () => {
    first = await sampleCertificate({});
    second = await sampleCertificate({});
  });
  beforeEach(async () => {
    rmSync(directory, { recursive: true });
    keystore = await Keystore.create(directory);
  });
  after(() => rmSync(directory, { recursive: true }));

  const bind = ({ der, keys }: Holder, tell = told): Promise<void> =>
    bindCertificate(keystore, target, { chain: [der], key: keys.privateKey }, tell);
  const opened = (): Promise<ServerBindings> =>
    ServerBindings.open({ read: () => Keystore.open(directory), clock: systemClock, log: silentLog });
  const shown = (): unknown => readBindings(keystore).map(({ credentials }) => credentials.chain[0]);

  it('is in the keystore before the server is told, and is what it was when that fails', async () => {
    await bind(first, async () => assert.deepEqual(shown(), [first.der]));
    await assert.rejects(bind(second, lost));
    assert.deepEqual(shown(), [first.der]);
  });

  it('is shown no longer once the server knows that, and goes on being shown when it does not', async () => {
    await bind(first);
    await assert.rejects(unbindCertificate(keystore, target, lost));
    assert.deepEqual(shown(), [first.der]);
    await unbindCertificate(keystore, target, async () => assert.deepEqual(shown(), []));
    assert.deepEqual(keystore.labels(), []);
    await assert.rejects(unbindCertificate(keystore, target, told), { code: 'object_not_found' });
  });

  it('is what a running server shows after it has read its keystore again', async () => {
    using bindings = await opened();
    await bind(first);
    assert.equal(bindings.current.current.hosts.size, 0);
    await bindings.reload();
    assert.deepEqual(bindings.current.current.hosts.get('vault.example')?.chain, [first.der]);
  });

  it('is shown on while what takes its place cannot be used, and the next one as soon as it can', async () => {
    await bind(first);
    using bindings = await opened();
    const shownNow = (): unknown => bindings.current.current.hosts.get('vault.example')?.chain;
    const keeps = async (code: string): Promise<void> => {
      await assert.rejects(bindings.reload(), { code });
      assert.deepEqual(shownNow(), [first.der]);
      assert.equal(systemErrorCode(bindings.problem), code);
    };
    const wrongPair = { chain: [second.der], key: first.keys.privateKey };
    await bindCertificate(keystore, target, wrongPair, told);
    await keeps('certificate_not_allowed');
    const ended = await sampleCertificate({ notAfter: new Date(Date.now() - 1000) });
    await bind(ended);
    await keeps('certificate_expired');
    const file = join(directory, 'keystore');
    await bind(second);
    const whole = readFileSync(file);
    for (const broken of [whole.subarray(0, 40), Buffer.from(whole).fill(0, 60, 62)]) {
      writeFileSync(file, broken);
      await keeps('keystore_damaged');
    }
    // What the system itself refuses is no reason to end either.
    rmSync(file);
    mkdirSync(file, { mode: 0o700 });
    await keeps('keystore_damaged');
    rmdirSync(file);
    writeFileSync(file, whole, { mode: 0o600 });
    const startMs = performance.now();
    while (bindings.problem !== undefined && performance.now() - startMs < 20_000) await sleep(50);
    assert.deepEqual([shownNow(), bindings.problem], [[second.der], undefined]);
  });

  it('of which no good pair was read yet is refused', async () => {
    await bindCertificate(keystore, target, { chain: [second.der], key: first.keys.privateKey }, told);
    await assert.rejects(opened(), { code: 'certificate_not_allowed' });
  });

  it('has a month in which its end is told', async () => {
    await bind(first);
    const state = (nowMs: number): unknown => boundCertificates(keystore, nowMs).map((each) => each.state);
    assert.deepEqual(state(Date.now() - 31 * dayMs), ['good']);
    assert.deepEqual(state(Date.now()), ['ending']);
    assert.deepEqual(state(Date.now() + 2 * dayMs), ['ended']);
  });
});
