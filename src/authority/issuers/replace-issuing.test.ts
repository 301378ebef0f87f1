import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { openDatabase } from '../../db/index.ts';
import { type Checkpoint, createNodeRequest, signCheckpoint } from '../../enrol/index.ts';
import { formatSubtree, generateKeyPair, parseCertificate } from '../../pki/index.ts';
import { Keystore, verifyIdentity } from '../../trust/index.ts';
import { answerJoin } from '../answers/answer-node.ts';
import { refused, SampleHome, sampleNetworkName } from '../authority.fixture.ts';
import type { Issued } from '../issue/issue.ts';
import { authorityDirectory } from '../records/authority-files.ts';
import { Records } from '../records/records.ts';
import { authorityMigrations } from '../records/schema.ts';
import { createIssuingCertificate } from './ca-certificates.ts';
import { readIssuers } from './issuer.ts';
import { permittingNames } from './permitted-names.ts';

const yearMs = 365.25 * dayMs;

/** Opens the authority again after `years` more, so much of which has passed since it was made. */
async function later(home: SampleHome, years: number): Promise<void> {
  await home.reopen(() => home.clock.advance(years * yearMs));
}

function verify(home: SampleHome, { chain }: Issued): string {
  const at = new Date(home.clock.now());
  const bundle = home.authority.trustBundle;
  return verifyIdentity({ chain, bundle, roles: ['client'], purpose: 'clientAuth', at }).identity.name;
}

async function issuerOf({ chain: [leaf, issuing] }: Issued, home: SampleHome): Promise<string> {
  assert.ok(leaf && issuing);
  const certificate = await home.authority.issuerCertificate(
    parseCertificate(leaf).extensions.issuerUrls[0]?.match(/([a-z]+-\d+)\.cer$/)?.[1] ?? '',
  );
  assert.deepEqual(certificate?.der, issuing, 'the chain goes on with who issued the leaf');
  return certificate.subject.flat().find(({ value }) => value.startsWith('Holdfast'))?.value ?? '';
}

const kinds = async (home: SampleHome): Promise<string[]> =>
  (await home.authority.log.list()).map(({ kind }) => kind);

/** Puts an issuing certificate in the place of the first one that bounds URIs, as `--permit` once made it. */
async function boundUris({ path, place, clock }: SampleHome): Promise<void> {
  const directory = authorityDirectory(path);
  const keystore = await Keystore.open(directory);
  await using database = await openDatabase({ place, migrations: authorityMigrations });
  const [{ certificate: root }] = await readIssuers(new Records(database), 'root');
  const { permitted, excluded } = permittingNames(['example.com', '10.0.0.0/8']);
  const made = createIssuingCertificate(
    'issuing-1',
    createPublicKey(keystore.key('issuing-1')),
    { root, rootLabel: 'root-1', rootKey: keystore.key('root-1') },
    {
      network: sampleNetworkName,
      statusAddress: 'http://status.example:8445',
      nowMs: clock.now(),
      nameConstraints: { permitted: [...permitted, { kind: 'uri', value: sampleNetworkName }], excluded },
    },
  );
  await database.run('UPDATE issuers SET certificate = ? WHERE label = ?', made, 'issuing-1');
}

describe('the issuing certificate', () => {
  it('is replaced when it bounds URIs, and what it permits beside them stays', async () => {
    await using home = await SampleHome.open();
    await home.reopen(() => boundUris(home));
    const { nameConstraints } = home.authority.issuing.extensions;
    assert.deepEqual(nameConstraints?.permitted.map(formatSubtree), ['DNS:example.com', 'IP:10.0.0.0/8']);
    await later(home, 0);
    assert.deepEqual(await kinds(home), ['authority created', 'issuing certificate replaced']);
  });

  it('is the same until half of its life is over', async () => {
    await using home = await SampleHome.open();
    const { fingerprint } = home.authority.issuing;
    await later(home, 2.4);
    assert.equal(home.authority.issuing.fingerprint, fingerprint);
  });

  it('is replaced after that, once, with a new key and a line in the log', async () => {
    await using home = await SampleHome.open();
    const { spki } = home.authority.issuing;
    await later(home, 3);
    const next = home.authority.issuing;
    assert.notDeepEqual(next.spki, spki);
    assert.equal(next.notAfter.getTime(), home.clock.now() + 5 * yearMs);
    await later(home, 0);
    assert.equal(home.authority.issuing.fingerprint, next.fingerprint);
    assert.deepEqual(await kinds(home), ['authority created', 'issuing certificate replaced']);
    await home.authority.log.verify();
  });

  it('issues after three years what verifies, while what the one before issued still does', async () => {
    await using home = await SampleHome.open();
    home.clock.advance(3 * yearMs);
    const before = await home.node('before');
    await later(home, 0);
    const after = await home.node('after');
    assert.equal(await issuerOf(before.issued, home), 'Holdfast issuing-1');
    assert.equal(await issuerOf(after.issued, home), 'Holdfast issuing-2');
    assert.equal(verify(home, before.issued), 'before');
    assert.equal(verify(home, after.issued), 'after');
  });

  it('is replaced after six years too, when the one before has ended', async () => {
    await using home = await SampleHome.open();
    await later(home, 6);
    const { issued } = await home.node('alpha');
    assert.equal(await issuerOf(issued, home), 'Holdfast issuing-2');
    assert.equal(verify(home, issued), 'alpha');
    await later(home, 3);
    assert.equal(await issuerOf((await home.node('beta')).issued, home), 'Holdfast issuing-3');
  });

  it('renews for a node whose certificate the one before issued', async () => {
    await using home = await SampleHome.open();
    home.clock.advance(3 * yearMs);
    const { issued } = await home.node('alpha');
    const checkpoint = home.authority.checkpoint();
    await later(home, 0);
    const identity = { network: home.authority.network, role: 'client', name: 'alpha' } as const;
    const request = Buffer.from(
      createNodeRequest(identity, (await generateKeyPair('p256')).privateKey).request,
      'base64',
    );
    const renewed = await home.authority.renew({
      identity,
      serial: issued.certificate.serial,
      request,
      checkpoint,
    });
    assert.equal(await issuerOf(renewed, home), 'Holdfast issuing-2');
  });

  it('signs the answer of a join that is asked for again after it was replaced', async () => {
    await using home = await SampleHome.open();
    home.clock.advance(3 * yearMs);
    const code = await home.code('alpha');
    const { privateKey } = await generateKeyPair('p256');
    const message = {
      version: 1,
      secret: Buffer.from(code.secret.reveal()).toString('base64'),
      request: createNodeRequest(code, privateKey).request,
    };
    const ask = () =>
      answerJoin(home.authority, message, { from: 'test', servers: ['https://localhost:8443'] });
    const lost = await ask();
    await later(home, 0);
    const [first, second] = [await ask(), await ask()];
    assert.notEqual(first.chain[1], lost.chain[1]);
    assert.deepEqual(second.chain, first.chain);
    assert.equal(Buffer.from(first.chain[1] ?? '', 'base64').equals(home.authority.issuing.der), true);
  });

  it('that was replaced still proves to an older copy of the authority that it is one', async () => {
    await using home = await SampleHome.open();
    home.clock.advance(3 * yearMs);
    const { issued } = await home.node('alpha');
    const shown = JSON.parse(home.authority.checkpoint().checkpoint) as Checkpoint;
    await later(home, 0);
    const key = (await Keystore.open(authorityDirectory(home.path))).key('issuing-1');
    const checkpoint = signCheckpoint({ ...shown, sequence: shown.sequence + 100 }, key);
    const identity = { network: home.authority.network, role: 'client', name: 'alpha' } as const;
    const order = { identity, serial: issued.certificate.serial, request: new Uint8Array() };
    await refused('authority_superseded', home.authority.renew({ ...order, checkpoint }));
  });

  it('that a crash left without its certificate is made with the key that is there', async () => {
    await using home = await SampleHome.open();
    const { privateKey } = await generateKeyPair('p256');
    await home.reopen(async () => {
      const keystore = await Keystore.open(authorityDirectory(home.path));
      await keystore.update((entries) => entries.putKey('issuing-2', privateKey));
      home.clock.advance(3 * yearMs);
    });
    const keystore = await Keystore.open(authorityDirectory(home.path));
    assert.ok(keystore.key('issuing-2').equals(privateKey));
    assert.equal(verify(home, (await home.node('alpha')).issued), 'alpha');
  });

  it('is not replaced where the root key is not', async () => {
    await using home = await SampleHome.open();
    const { fingerprint } = home.authority.issuing;
    await home.reopen(async () => {
      const keystore = await Keystore.open(authorityDirectory(home.path));
      await keystore.update((entries) => entries.remove('root-1'));
      home.clock.advance(3 * yearMs);
    });
    assert.equal(home.authority.issuing.fingerprint, fingerprint);
  });

  it('made while the clock was far ahead waits until its time, and the one before goes on', async () => {
    await using home = await SampleHome.open();
    const { fingerprint } = home.authority.issuing;
    await later(home, 4);
    assert.notEqual(home.authority.issuing.fingerprint, fingerprint);
    await later(home, -4);
    assert.equal(home.authority.issuing.fingerprint, fingerprint);
    await home.authority.custody.acceptClock({ reason: 'set back to today', by: 'admin/local' });
    assert.equal(verify(home, (await home.node('alpha')).issued), 'alpha');
    await later(home, 4);
    assert.notEqual(home.authority.issuing.fingerprint, fingerprint);
  });

  it('is not made again and again near the end of the root', async () => {
    await using home = await SampleHome.open();
    await later(home, 16);
    const { fingerprint, notAfter } = home.authority.issuing;
    assert.deepEqual(notAfter, home.authority.root.notAfter);
    await later(home, 3.9);
    assert.equal(home.authority.issuing.fingerprint, fingerprint);
  });
});
