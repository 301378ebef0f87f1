import type { KeyObject } from 'node:crypto';
import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  parseCertificate,
  type RevocationReason,
} from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import {
  authorityDamaged,
  type IssuerKind,
  type IssuerRow,
  publicKeyHash,
  type Records,
} from '../records/index.ts';
import { isSelfSigned } from './ca-certificates.ts';
import { type OutsideStatus, readOutsideStatuses } from './outside.ts';

/** A certificate of the authority's own. */
export interface CaCertificate {
  /** Of its key in the keystore, and in addresses: `root-1`, `issuing-1`. */
  readonly label: string;
  readonly certificate: Certificate;
  /** Since when, and why, the root says that it is not to be believed any more; absent for one that is. */
  readonly revoked?: IssuerRevocation;
}

/** The end of an issuing certificate before its time. */
export interface IssuerRevocation {
  readonly at: Date;
  readonly reason: RevocationReason;
}

/** Everything that signing needs; what issues now does not change while the authority is open. */
export interface Issuer {
  readonly network: string;
  readonly statusAddress: string;
  readonly root: CaCertificate;
  /** The root had issued certificates before it was adopted, which people ask about. */
  readonly rootIssued?: boolean;
  /** What is known of whether the root, where an authority outside has signed it, and those above it are revoked. */
  readonly outside?: readonly OutsideStatus[];
  readonly issuing: CaCertificate;
  readonly issuingKey: KeyObject;
  /**
   * What goes with a certificate that it signs, DER: its own and, where another authority stands above the root, the root, for
   * those who trust the other one alone. A root that is its own issuer is known to whoever trusts it.
   */
  readonly above: readonly Bytes[];
  /** All there ever were, the newest first: what the older ones issued can still be in use. */
  readonly issuings: readonly [CaCertificate, ...CaCertificate[]];
}

/** What signs at a moment, from the records and the keystore. @throws HoldfastError `authority_damaged` */
export async function readIssuer(
  records: Records,
  keystore: Keystore,
  { network, statusAddress, nowMs }: { network: string; statusAddress: string; nowMs: number },
): Promise<Issuer> {
  const [root] = await readIssuers(records, 'root');
  const issuings = await readIssuers(records, 'issuing');
  const issuing = presentIssuing(issuings, keystore, nowMs);
  const issuingKey = keystore.key(issuing.label);
  const belongs = Buffer.compare(exportPublicKey(issuingKey), issuing.certificate.spki) === 0;
  if (!belongs)
    throw authorityDamaged(`the key ${issuing.label} of the keystore is not that of its certificate`);
  const rootIssued = !(await records.imported.isEmpty());
  const rootAbove = isSelfSigned(root.certificate) ? [] : [root.certificate.der];
  const above = [issuing.certificate.der, ...rootAbove];
  const outside = await readOutsideStatuses(records, root.certificate);
  return { network, statusAddress, root, rootIssued, outside, issuing, issuingKey, above, issuings };
}

/**
 * The newest issuing certificate whose key is here, that is not revoked and that has begun by the clock, so that neither
 * one made while the clock was far ahead nor one whose key was lost in a restore keeps the authority from working; when
 * there is none the newest whose key is here, and the newest of all when there is no key.
 */
export function presentIssuing(
  newestFirst: readonly [CaCertificate, ...CaCertificate[]],
  keystore: Pick<Keystore, 'has'>,
  nowMs: number,
): CaCertificate {
  const here = newestFirst.filter(({ label }) => keystore.has(label));
  const usable = here.filter(({ revoked }) => revoked === undefined);
  const begun = usable.find(({ certificate }) => certificate.notBefore.getTime() <= nowMs);
  return begun ?? usable[0] ?? here[0] ?? newestFirst[0];
}

/** The certificates of a kind, the newest first. @throws HoldfastError `authority_damaged` */
export async function readIssuers(
  { issuers }: Records,
  kind: IssuerKind,
): Promise<[CaCertificate, ...CaCertificate[]]> {
  const [newest, ...older] = (await issuers.list(kind)).map(toCaCertificate);
  if (newest === undefined) throw authorityDamaged(`the database has no ${kind} certificate`);
  return [newest, ...older];
}

function toCaCertificate({ label, public_key, revoked_at, ...row }: IssuerRow): CaCertificate {
  const certificate = parseCertificate(row.certificate);
  if (!equalBytes(publicKeyHash(certificate.spki), public_key))
    throw authorityDamaged(`${label} is not the one recorded`);
  if (revoked_at === null) return { label, certificate };
  const reason = row.revocation_reason ?? 'unspecified';
  return { label, certificate, revoked: { at: new Date(revoked_at), reason } };
}

/**
 * The key of the root, for what only the root can sign; `what` names that in the error.
 * @throws HoldfastError `root_offline`, with the file it was taken to
 */
export async function rootKey(
  {
    issuer: { root },
    keystore,
    records,
  }: { readonly issuer: Pick<Issuer, 'root'>; readonly keystore: Keystore; readonly records: Records },
  what: string,
): Promise<KeyObject> {
  if (keystore.has(root.label)) return keystore.key(root.label);
  const moved = (await records.issuers.find(root.label))?.key_file ?? null;
  const where = moved === null ? '' : `: it was taken to ${moved}`;
  throw new HoldfastError('root_offline', `${what} needs the key of the root, which is not here${where}`, {
    hint: 'bring it back with holdfast ca online FILE, do it, and take it away again with holdfast ca offline FILE',
  });
}
