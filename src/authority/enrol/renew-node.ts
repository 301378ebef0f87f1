import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import type { SignedCheckpoint } from '../../enrol/index.ts';
import { type Certificate, type Identity, parseCertificate, type SerialNumber } from '../../pki/index.ts';
import {
  type Authorisation,
  checkContents,
  checkNamesOfRole,
  type Issued,
  isLive,
  issue,
  issuedBefore,
  requestNotAllowed,
} from '../issue/index.ts';
import { type CertificateRow, identityLabel, publicKeyHash, type Records } from '../records/index.ts';
import { readRequest } from '../signing/index.ts';
import type { Enrolling } from './enrol-node.ts';

/** A node asks for its next certificate. */
export interface RenewOrder {
  /** Who the peer gate says that it is. */
  readonly identity: Identity;
  /** Of the certificate it came with. */
  readonly serial: SerialNumber;
  /** PKCS#10, DER, for a new key or the present one. */
  readonly request: Bytes;
  /** The newest checkpoint it was shown. */
  readonly checkpoint?: SignedCheckpoint;
}

/**
 * Issues the next certificate of an identity, with subject and names of the one it came with. Idempotent on a new key: whoever
 * asks again gets the same certificate, while it can be used.
 *
 * @throws HoldfastError `certificate_revoked`, `certificate_expired`, `certificate_not_allowed`, `request_malformed`,
 *   `request_signature_invalid`, `request_not_allowed`, `key_unsupported`, `name_not_permitted` since the policy changed
 */
export async function renewNode(context: Enrolling, order: Omit<RenewOrder, 'checkpoint'>): Promise<Issued> {
  const request = readRequest(order.request);
  await context.certificateSigner.check(request);
  return await context.records.transaction(async (tx) => {
    const present = await presented(tx, context, order);
    const { identity } = order;
    const authorisation = authorisedBy(parseCertificate(present.certificate), identity);
    checkContents(request, authorisation);
    checkNamesOfRole(context.present.policy, identity.role, authorisation.names);
    const before = await answeredBefore(tx, present, publicKeyHash(request.spki));
    const again = issuedBefore(context, before);
    if (again !== undefined) return again;
    const details = { renews: present.serial };
    const by = identityLabel(identity);
    return await issue(tx, context, { authorisation, spki: request.spki, kind: 'renewed', by, details });
  });
}

/** The certificate the node came with, judged again by the records: the gate's word may be a moment old. */
async function presented(
  tx: Records,
  { clock }: Enrolling,
  { identity, serial }: Omit<RenewOrder, 'checkpoint'>,
): Promise<CertificateRow> {
  const row = await tx.certificates.find(serial);
  const owner = await tx.identities.find(identity);
  const label = identityLabel(identity);
  if (row === undefined || row.identity !== owner?.id) {
    throw new HoldfastError('certificate_not_allowed', `certificate ${serial} was not issued to ${label}`);
  }
  if (row.revoked_at !== null)
    throw new HoldfastError('certificate_revoked', `certificate ${serial} of ${label} is revoked`);
  if (!isLive(row, clock.now()))
    throw new HoldfastError('certificate_expired', `certificate ${serial} of ${label} has expired`);
  return row;
}

/**
 * The certificate that was issued for this key after the one presented. A key of a certificate from before it is not
 * taken again; the present key may be.
 */
async function answeredBefore(
  tx: Records,
  present: CertificateRow,
  publicKey: Bytes,
): Promise<CertificateRow | undefined> {
  if (equalBytes(publicKey, present.public_key)) return undefined;
  const newest = await tx.certificates.newestOf(publicKey);
  // A key of another identity is refused by name where it is issued.
  if (newest === undefined || newest.identity !== present.identity) return undefined;
  if (newest.id < present.id) throw requestNotAllowed('the public key is that of an older certificate');
  return newest;
}

/** What a certificate authorises its renewal to say. */
export function authorisedBy({ subject, extensions }: Certificate, identity: Identity): Authorisation {
  return { identity, subject, names: extensions.subjectAltNames.filter(({ kind }) => kind !== 'uri') };
}
