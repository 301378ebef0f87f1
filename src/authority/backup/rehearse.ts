import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, dayMs, type ErrorCode, HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  createCertificate,
  createCrl,
  exportPublicKey,
  generateKeyPair,
  keyIdentifier,
  parseCertificate,
  parseCrl,
  publicKeyOf,
  verifyCertificateSignature,
  verifyCrlSignature,
} from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { leafTemplate } from '../issue/index.ts';
import { readIssuer } from '../issuers/index.ts';
import { AuditLog } from '../log/index.ts';
import { checkMirrors } from '../mirror/index.ts';
import { type AuthorityRecords, openRecords } from '../records/index.ts';
import { type BackupKey, type BackupManifest, sealedKind, sha256Of, unpackBackup } from '../sealed/index.ts';
import type { BackingUp } from './backing-up.ts';

/** One thing that a rehearsal tried. */
export interface RehearsalStep {
  readonly what: string;
  readonly good: boolean;
  /** What was seen. */
  readonly found: string;
  /** The mirror of the log that was looked at, and not the backup. */
  readonly mirror?: string;
}

/** How a rehearsal went. */
export interface Rehearsal {
  /** `opened`: restored and worked with; `looked at`: nobody gave a key, so only its outside was checked. */
  readonly depth: 'opened' | 'looked at';
  readonly good: boolean;
  readonly steps: readonly RehearsalStep[];
}

/** Which backup is rehearsed, and what is known of it. */
export interface RehearsalOrder {
  readonly path: string;
  /** How messages call it. */
  readonly shown: string;
  readonly key?: BackupKey | undefined;
  /** SHA-256 of the file when it was made, where that is on record. */
  readonly sha256?: string;
  /** The last record of the log in it, where that is on record. */
  readonly sequence?: number;
}

/**
 * Tries a backup as if it were needed: restores it into a directory of its own that is removed again, signs a certificate
 * and a revocation list with it, and has them verified by the certificates that are at work now. Without a key only what
 * can be seen from outside is checked, and that is said. Either way the mirrors of the log are read from where the backup
 * ends.
 *
 * @throws HoldfastError `password_wrong` for a key that is not the backup's, and whatever keeps this machine from trying
 */
export async function rehearse(context: BackingUp, order: RehearsalOrder): Promise<Rehearsal> {
  const steps: RehearsalStep[] = [await lookAtFile(order), ...(await lookAtMirrors(context, order))];
  if (order.key === undefined) return { depth: 'looked at', good: allGood(steps), steps };
  const directory = await mkdtemp(join(context.directory, 'rehearsal-'));
  try {
    await tryOut(context, { ...order, key: order.key, directory }, steps);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const { code, hint } = error;
    const message = error.message.replaceAll(order.path, order.shown);
    if (!faultsOfBackups.has(code)) throw new HoldfastError(code, message, { hint, cause: error });
    steps.push({ what: 'open and use', good: false, found: message });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return { depth: 'opened', good: allGood(steps), steps };
}

/** What else goes wrong, such as a kit that is not its own or a full disk here, says nothing of a backup. */
const faultsOfBackups: ReadonlySet<ErrorCode> = new Set([
  'authority_damaged',
  'backup_damaged',
  'backup_foreign',
  'certificate_malformed',
  'database_damaged',
  'keystore_damaged',
  'keystore_entry_missing',
]);

async function lookAtFile({ path, sha256 }: RehearsalOrder): Promise<RehearsalStep> {
  const { size } = await stat(path);
  const kind = await sealedKind(path);
  const what = 'file';
  if (kind === 'foreign') return { what, good: false, found: 'it is no backup' };
  const opens = `${size} bytes, opened by a ${kind}`;
  if (sha256 === undefined) return { what, good: true, found: `${opens}; made elsewhere or not on record` };
  const same = (await sha256Of(path)) === sha256;
  return {
    what,
    good: same,
    found: same ? `${opens}; byte for byte as it was made` : 'its bytes have changed',
  };
}

/** A restore takes the mirror that goes furthest, but nobody knows which one will be left. */
async function lookAtMirrors(
  context: BackingUp,
  { sequence = 0 }: Pick<RehearsalOrder, 'sequence'>,
): Promise<RehearsalStep[]> {
  const mirrors = await checkMirrors(context, sequence);
  return mirrors.map(({ name, sequence: end, problem }) => ({
    what: 'log mirror',
    mirror: name,
    good: problem === undefined && end >= sequence,
    found: `${name} ${problem ?? `goes on from the backup to record ${end}`}`,
  }));
}

async function tryOut(
  context: BackingUp,
  order: { readonly path: string; readonly key: BackupKey; readonly directory: string },
  steps: RehearsalStep[],
): Promise<void> {
  const { clock, issuer: live, present } = context;
  const { manifest, keystore } = await unpackBackup(join(order.directory, 'authority'), order);
  steps.push({ what: 'open', good: true, found: `epoch ${manifest.epoch}, made ${manifest.madeAt}` });
  await using records = await openRecords(join(order.directory, 'authority'));
  steps.push(await verifyLog(records, manifest, clock));
  const root = live.root.certificate;
  steps.push(
    ...(await signWith(records, keystore, {
      clock,
      root,
      profile: present.policy.profiles.client,
      manifest,
    })),
  );
  steps.push(keysStep(manifest));
}

async function verifyLog(
  records: AuthorityRecords,
  { log }: BackupManifest,
  clock: Clock,
): Promise<RehearsalStep> {
  const head = await new AuditLog(records, 1, clock).verify();
  const good = head.sequence === log.sequence && head.hash === log.head;
  return { what: 'log', good, found: `${head.sequence} records in one chain` };
}

/** What is at work now. */
interface Live {
  readonly clock: Clock;
  readonly root: Certificate;
  readonly profile: ProfilePolicy;
}

/** What comes out is thrown away: no serial of it is ever seen. */
async function signWith(
  records: AuthorityRecords,
  keystore: Keystore,
  { clock, root, profile, manifest }: Live & { readonly manifest: BackupManifest },
): Promise<RehearsalStep[]> {
  const nowMs = clock.now();
  const about = { network: manifest.network, statusAddress: 'http://rehearsal.invalid', nowMs };
  const issuer = await readIssuer(records, keystore, about);
  const { certificate: issuing, label } = issuer.issuing;
  const { publicKey } = await generateKeyPair('p256');
  const identity = { network: manifest.network, role: 'client', name: 'rehearsal' } as const;
  const template = leafTemplate(
    issuer,
    { identity, names: [] },
    { profile, spki: exportPublicKey(publicKey), nowMs },
  );
  const leaf = parseCertificate(createCertificate(template, issuer.issuingKey));
  const crl = parseCrl(
    createCrl(
      {
        issuer: issuing.subject,
        authorityKeyId: keyIdentifier(issuing.spki),
        number: 1n,
        thisUpdate: new Date(nowMs),
        nextUpdate: new Date(nowMs + dayMs),
        entries: [],
      },
      issuer.issuingKey,
    ),
  );
  const chained = verifyCertificateSignature(issuing, publicKeyOf(root));
  return [
    { what: 'root', good: chained, found: `${label} is signed by the root that is at work` },
    {
      what: 'certificate',
      good: verifyCertificateSignature(leaf, publicKeyOf(issuing)),
      found: `signed by ${label}`,
    },
    {
      what: 'crl',
      good: verifyCrlSignature(crl, publicKeyOf(issuing)),
      found: `signed by ${label}`,
    },
  ];
}

function keysStep({ keys }: BackupManifest): RehearsalStep {
  const missing = keys.filter(({ held }) => !held).map(({ label }) => label);
  const found = missing.length === 0 ? 'all of them' : `without ${missing.join(', ')}`;
  return { what: 'keys', good: keys.some(({ held, label }) => held && label.startsWith('issuing-')), found };
}

function allGood(steps: readonly RehearsalStep[]): boolean {
  return steps.every(({ good }) => good);
}
