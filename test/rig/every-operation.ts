import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type AdminClient, type AdminContext, bringBackup, fetchBackup } from '../../src/admin/index.ts';
import { findKeystore, keyOf, openOrCreateKeystore } from '../../src/agent/index.ts';
import { SampleHome, sampleSchedule, sampleSentSet } from '../../src/authority/authority.fixture.ts';
import type { AdoptedRoot } from '../../src/authority/index.ts';
import { asBuffer, dayMs, hourMs } from '../../src/base/index.ts';
import {
  createCertificateRequest,
  createName,
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  parseCertificate,
  privateKeyPem,
  requestPem,
} from '../../src/pki/index.ts';
import { defaultListeners } from '../../src/policy/index.ts';
import { BindingDesk, offlineReplicaDesks, StoreTrash } from '../../src/server/index.ts';
import { authorityExtensions, sampleCertificate } from './sample-certificates.ts';

/** What operations work on, in a home of a test. */
export function sampleContext(home: SampleHome): AdminContext {
  return {
    authority: home.authority,
    clock: home.clock,
    enrolAddresses: ['localhost:8444'],
    listeners: [
      { name: 'main', url: 'https://localhost:8443', services: [], clientCertificate: 'require', weaker: [] },
    ],
    listenerSettings: defaultListeners(8443),
    letIn: () => [],
    bindingProblem: () => undefined,
    renewServer: async () => {},
    recoveryKitPath: join(home.path, 'kit.txt'),
    backupPlace: (path) => ({ kind: 'directory', path }),
    store: {
      directory: join(home.path, 'store'),
      problem: async () => undefined,
      accept: async () => 'empty',
    },
    trash: new StoreTrash({
      directory: join(home.path, 'store'),
      check: async () => {},
      authority: home.authority,
    }),
    ...offlineReplicaDesks({
      directory: join(home.path, 'store'),
      check: async () => {},
      recordsPath: join(home.path, 'replication.db'),
      clock: home.clock,
    }),
    bindings: new BindingDesk({
      roots: home.authority.serverRoots,
      keystore: () => openOrCreateKeystore(join(home.path, 'node')),
      findKeystore: () => findKeystore(join(home.path, 'node')),
      keyOf,
      listeners: defaultListeners(8443),
      names: ['vault.example'],
      clock: home.clock,
      reload: async () => {},
    }),
  };
}

/** A root that an outside root has signed. */
export async function rootBelowOutside(): Promise<AdoptedRoot> {
  const lasting = { notBefore: new Date('2026-01-01'), notAfter: new Date('2040-01-01') };
  const top = await sampleCertificate({
    ...lasting,
    subject: createName({ CN: 'outside' }),
    extensions: authorityExtensions(),
  });
  const below = await sampleCertificate({
    ...lasting,
    issuer: top,
    subject: createName({ CN: 'below' }),
    extensions: authorityExtensions(1),
  });
  return {
    certificate: parseCertificate(below.der),
    key: below.keys.privateKey,
    outside: [parseCertificate(top.der)],
    imports: { certificates: [], notes: [] },
  };
}

/** Does everything that an administrator can do, each at least once, where it has something to answer. */
export async function doEverything(home: SampleHome, admin: AdminClient): Promise<void> {
  home.clock.advance(2 * hourMs);
  await readAndDecide(home, admin);
  await offerReleases(admin);
  await issueAndRevoke(admin);
  await handleRequests(admin);
  await keepCopies(home, admin);
  await moveKeys(home, admin);
}

async function readAndDecide(home: SampleHome, admin: AdminClient): Promise<void> {
  await admin.call('token.create', { role: 'server', name: 'alpha', names: ['alpha.example'] });
  const [code] = await admin.call('token.list', {});
  await admin.call('token.revoke', { id: code?.id ?? 0 });
  const { id } = await admin.call('bearer.create', { role: 'client', name: 'zeta' });
  await admin.call('bearer.list', {});
  await admin.call('bearer.revoke', { id });
  const { policy } = await admin.call('policy.show', {});
  await admin.call('policy.set', { key: 'queue', value: 'on' });
  await admin.call('policy.import', { policy, apply: false });
  await admin.call('store.accept', { reason: 'new disk' });
  await home.local('server', 'main', ['main.example']);
  await home.local('storage', 'safe', ['safe.example']);
  await admin.call('replicate.add', { from: 'main', to: ['safe'], zone: 'UTC' });
  await admin.call('replicate.list', {});
  await admin.call('replicate.status', {});
  await admin.call('replicate.run', { acceptsLoss: true });
  await admin.call('replicate.remove', { from: 'main' });
  await admin.call('ca.show', {});
  await admin.call('ca.export', { chain: true });
  const { certificates } = await admin.call('ca.export', {});
  await admin.call('ca.request', {});
  await admin.call('ca.complete', { certificates: [...certificates] });
  const host = { host: 'vault.example' };
  const shown = await sampleCertificate({
    notBefore: new Date(home.clock.now() - hourMs),
    notAfter: new Date(home.clock.now() + dayMs),
    extensions: {
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      subjectAltNames: [{ kind: 'dns', value: 'vault.example' }],
    },
  });
  const key = privateKeyPem(exportPrivateKey(shown.keys.privateKey));
  await admin.call('tls.bind', { ...host, chain: [asBuffer(shown.der).toString('base64')], roots: [], key });
  await admin.call('tls.list', {});
  await admin.call('tls.unbind', host);
  home.clock.advance(-hourMs);
  await admin.call('ca.clock-accept', { reason: 'it was ahead' });
}

async function issueAndRevoke(admin: AdminClient): Promise<void> {
  const publicKey = async () =>
    asBuffer(exportPublicKey((await generateKeyPair('p256')).publicKey)).toString('base64');
  const order = { role: 'client', name: 'beta' } as const;
  const { serial, chain } = await admin.call('cert.issue', { ...order, publicKey: await publicKey() });
  await admin.call('cert.list', {});
  await admin.call('node.list', {});
  await admin.call('node.bound', { name: 'beta', prune: true });
  const { id: job } = await admin.call('job.start', { node: 'beta', order: { kind: 'backup', set: 'data' } });
  await admin.call('job.list', {});
  await admin.call('job.show', { id: job });
  await admin.call('job.stop', { id: job });
  await admin.call('cert.issue', { ...order, name: 'reader', publicKey: await publicKey() });
  const { id: grant } = await admin.call('grant.create', { from: 'beta', to: 'reader', lifetimeMs: dayMs });
  await admin.call('grant.list', {});
  await admin.call('grant.show', { id: grant });
  await admin.call('grant.revoke', { id: grant });
  const byKit = { from: 'beta', to: 'reader', path: '/etc', lifetimeMs: dayMs, withKit: true };
  const { id: toSeal, created } = await admin.call('grant.create', byKit);
  const { chain: recipient } = await admin.call('grant.material', { id: toSeal });
  const { serial: certificate } = parseCertificate(Buffer.from(recipient[0] ?? '', 'base64'));
  await admin.call('grant.seal', { id: toSeal, created, certificate, sealed: 'AAAA' });
  await admin.call('schedule.add', { ...sampleSchedule, name: 'hourly', every: '1h', nodes: ['beta'] });
  await admin.call('schedule.list', {});
  await admin.call('schedule.remove', { name: 'hourly' });
  await admin.call('set.send', { ...sampleSentSet, nodes: ['beta'] });
  await admin.call('set.sent', {});
  await admin.call('set.withdraw', { name: 'system' });
  await admin.call('scrub.status', {});
  await admin.call('scrub.start', {});
  await admin.call('trash.list', {});
  await admin.call('trash.restore', { client: 'beta' });
  await admin.call('trash.empty', { apply: true });
  await admin.call('cert.imported', {});
  await admin.call('cert.verify', { chain: [...chain] });
  await admin.call('cert.revocable', { what: 'client/beta' });
  await admin.call('cert.revoke', { what: serial, as: 'serial', reason: 'superseded' });
  await admin.call('cert.show', { serial });
  await admin.call('cert.export', { serial, chain: true });
  await admin.call('cert.issue', { ...order, name: 'gamma', publicKey: await publicKey() });
  await admin.call('ca.permit', { names: ['example'] });
  await admin.call('ca.revoke-issuer', { label: 'issuing-1' });
  await admin.call('ca.crls', {});
  await admin.call('ca.crl', {});
}

async function offerReleases(admin: AdminClient): Promise<void> {
  const version = '99.0.0';
  const piece = Buffer.from(`!<arch>\ndebian-binary ${version}`).toString('base64');
  const { id } = await admin.call('release.piece', { piece });
  await admin.call('release.publish', { version, files: [{ id, name: `holdfast_${version}_amd64.deb` }] });
  await admin.call('release.list', {});
  await admin.call('release.withdraw', { version });
}

async function handleRequests(admin: AdminClient): Promise<void> {
  const request = async (CN: string) => {
    const { privateKey } = await generateKeyPair('p256');
    const template = { subject: createName({ CN }), subjectAltNames: [] };
    return requestPem(createCertificateRequest(template, privateKey));
  };
  const first = await admin.call('request.submit', { request: await request('delta'), profile: 'client' });
  const second = await admin.call('request.submit', { request: await request('epsilon'), profile: 'client' });
  await admin.call('request.list', {});
  await admin.call('request.show', { id: first.id });
  await admin.call('request.approve', { id: first.id });
  await admin.call('request.deny', { id: second.id, reason: 'nobody knows it' });
  await admin.call('request.collect', { handle: first.handle });
}

async function keepCopies(home: SampleHome, admin: AdminClient): Promise<void> {
  const path = join(home.path, 'copy.hfb');
  await fetchBackup(admin, await admin.call('ca.backup', {}), inFile(path));
  await admin.call('ca.rehearse', {});
  const id = await bringBackup(admin, Readable.from([Buffer.from('damaged')]));
  await admin.call('ca.rehearse', { file: { id, path } });
  const { id: unwanted } = await admin.call('ca.backup', {});
  await admin.call('ca.backup-drop', { id: unwanted });
  await admin.call('ca.backups', {});
  await admin.call('status', {});
  await admin.call('ca.backup-to', { to: home.path, keep: 2 });
  await admin.call('ca.export-keys', { password: 'correct horse' });
  await admin.call('audit.list', { limit: 1000 });
  await admin.call('audit.verify', {});
  await admin.call('audit.export', { after: 0, limit: 1000 });
}

/** A file that a backup is written to. */
export function inFile(path: string): Parameters<typeof fetchBackup>[2] {
  return { path, write: (pieces) => writeFile(path, pieces) };
}

async function moveKeys(home: SampleHome, admin: AdminClient): Promise<void> {
  const passphrase = 'correct horse battery staple';
  const { text } = await admin.call('ca.seal-root', { passphrase });
  const sealed = Buffer.from(text).toString('base64');
  await admin.call('ca.offline', { passphrase, sealed, file: '/media/root.age' });
  await admin.call('ca.show', {});
  await admin.call('ca.remove-copies', {});
  await admin.call('ca.online', { passphrase, sealed });
  await admin.call('keystore.rekey', {});
  const to = join(home.path, 'moved.hfb');
  await fetchBackup(admin, await admin.call('ca.move', { to, isThere: false }), inFile(to));
  await admin.call('ca.move-undo', { reason: 'a rehearsal' });
}
