import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import type { SignedCheckpoint } from '../../enrol/index.ts';
import {
  type Certificate,
  type CertificateRequest,
  type Identity,
  parseCertificate,
  type SerialNumber,
} from '../../pki/index.ts';
import {
  type Authorisation,
  checkNamesOfRole,
  type Issued,
  isLive,
  newKey,
  requestNotAllowed,
} from '../issue/index.ts';
import {
  type CertificateRow,
  identityLabel,
  publicKeyHash,
  type Records,
  reissueCommand,
} from '../records/index.ts';
import { type Authoriser, certify, type Enrolling, type Judged, rulesOf, type Use } from './authoriser.ts';
import { type Judgement, judgeAsAuthorised } from './judge-request.ts';

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
 * @throws HoldfastError `certificate_revoked`, `certificate_expired`, `certificate_not_allowed`, `node_quarantined`, `request_malformed`,
 *   `request_signature_invalid`, `request_not_allowed`, `key_unsupported`, `name_not_permitted` since the policy changed
 */
export async function renewNode(
  context: Enrolling,
  { request, ...shown }: Omit<RenewOrder, 'checkpoint'>,
): Promise<Issued> {
  const { certificate } = await presented(context.records.committed, context, shown);
  const authorisation = authorisedBy(parseCertificate(certificate), shown.identity);
  return await certify(context, new CertificateAuthoriser(context, shown, authorisation), request);
}

/** A certificate of ours that somebody shows, with its record. */
export interface Signer {
  readonly row: CertificateRow;
  readonly signer: Certificate;
  readonly identity: Identity;
}

/** The record of a certificate that somebody shows. @throws HoldfastError `certificate_not_allowed`: one with another's number is none of ours */
export async function findSigner(records: Records, signer: Certificate): Promise<Signer> {
  const row = await records.certificates.find(signer.serial);
  const { identity } = signer;
  if (row !== undefined && identity !== undefined && equalBytes(row.certificate, signer.der))
    return { row, signer, identity };
  throw new HoldfastError('certificate_not_allowed', `certificate ${signer.serial} was not issued here`, {
    hint: 'sign the request with a certificate of this network, or hand it in unsigned',
  });
}

/** What a certificate that ended authorises a person to renew. @throws HoldfastError `certificate_revoked`, `certificate_expired` */
export function lateAuthorisation(
  { present, clock }: Enrolling,
  { row, signer, identity }: Signer,
): Authorisation {
  const { serial, revoked_at, not_after } = row;
  if (revoked_at !== null) throw revoked(`certificate ${serial} of ${identityLabel(identity)} is revoked`);
  const graceEndsMs = not_after + present.policy.profiles[identity.role].graceMs;
  if (clock.now() <= graceEndsMs) return authorisedBy(signer, identity);
  throw new HoldfastError(
    'certificate_expired',
    `certificate ${serial} of ${identityLabel(identity)} ended ${signer.notAfter.toISOString()}, too long ago for a renewal`,
    { hint: `join again with a code of: ${reissueCommand(identity)}` },
  );
}

/** The refusal of whoever was revoked, and stands for nothing. */
export function revoked(message: string): HoldfastError {
  return new HoldfastError('certificate_revoked', message, {
    hint: 'whoever is to come back gets a code of: holdfast token create --reissue NAME',
  });
}

/** What a certificate authorises its renewal to say. */
function authorisedBy({ subject, extensions }: Certificate, identity: Identity): Authorisation {
  return { identity, subject, names: extensions.subjectAltNames.filter(({ kind }) => kind !== 'uri') };
}

/** What is said of the certificate that somebody came with. */
type Shown = Pick<RenewOrder, 'identity' | 'serial'>;

/** Whoever has the key of a certificate that is valid. */
class CertificateAuthoriser implements Authoriser {
  readonly isPerson = false;
  readonly #context: Enrolling;
  readonly #shown: Shown;
  readonly #authorisation: Authorisation;

  constructor(context: Enrolling, shown: Shown, authorisation: Authorisation) {
    this.#context = context;
    this.#shown = shown;
    this.#authorisation = authorisation;
  }

  judge(request: CertificateRequest): Judgement {
    const judgement = judgeAsAuthorised(rulesOf(this.#context), request, this.#authorisation);
    const { identity, names } = this.#authorisation;
    checkNamesOfRole(this.#context.present.policy, identity.role, names);
    return judgement;
  }

  async gave(tx: Records, { request }: Judged): Promise<CertificateRow | undefined> {
    const present = await presented(tx, this.#context, this.#shown);
    return await answeredBefore(tx, present, publicKeyHash(request.spki));
  }

  async use(): Promise<Use> {
    const { identity, serial } = this.#shown;
    return { kind: 'renewed', by: identityLabel(identity), details: { renews: serial } };
  }
}

/** The certificate the node came with, judged again by the records: the gate's word may be a moment old. */
async function presented(
  records: Records,
  { clock }: Enrolling,
  { identity, serial }: Shown,
): Promise<CertificateRow> {
  const row = await records.certificates.find(serial);
  const owner = await records.identities.find(identity);
  const label = identityLabel(identity);
  if (row === undefined || row.identity !== owner?.id) {
    throw new HoldfastError('certificate_not_allowed', `certificate ${serial} was not issued to ${label}`);
  }
  if (row.revoked_at !== null)
    throw new HoldfastError('certificate_revoked', `certificate ${serial} of ${label} is revoked`);
  const bounds = identity.role === 'client' ? await records.clientBounds.find(identity.name) : undefined;
  if (bounds && bounds.quarantined_at !== null)
    throw new HoldfastError('node_quarantined', `${label} is in quarantine: its certificate is not renewed`);
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
  if (newest.id < present.id)
    throw requestNotAllowed('the public key is that of an older certificate', newKey);
  return newest;
}
