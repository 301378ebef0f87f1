import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  type CertificateRequest,
  type Identity,
  readSignedRequest,
} from '../../pki/index.ts';
import { authorisedBy, type Enrolling, renewNode } from '../enrol/index.ts';
import { type Authorisation, checkContents, checkNamesOfRole, isLive } from '../issue/index.ts';
import { type CertificateRow, identityLabel, type Records, reissueCommand } from '../records/index.ts';
import { readRequest } from '../signing/index.ts';
import { checkAsked } from './asked.ts';
import { enqueue, recordApproved, type Submitted } from './keep-request.ts';

/**
 * A request signed with the certificate that it is to renew, by the old key and the new. While that certificate is valid
 * this is a renewal like any other and granted at once; within the profile's grace after its end a person decides.
 *
 * @throws HoldfastError `certificate_not_allowed` for a certificate that was not issued here, `certificate_revoked`,
 *   `certificate_expired` beyond the grace, `request_malformed`, `request_signature_invalid`, `request_not_allowed`
 */
export async function submitRenewal(
  context: Enrolling,
  pkcs7: Bytes,
  { from }: { readonly from: string },
): Promise<Submitted> {
  const signed = readSignedRequest(pkcs7);
  const { signer } = signed;
  // The record first: only keys that were certified here verify anything.
  const { row, identity } = await findSigner(context.records, signer);
  const der = signed.open();
  const request = readRequest(der);
  const asked = { request, renews: signer.serial, asked_by: identityLabel(identity), asked_from: from };
  if (isLive(row, context.clock.now())) {
    const issued = await renewNode(context, { identity, serial: signer.serial, request: der });
    const decidedBy = `certificate ${signer.serial}`;
    return await recordApproved(context, issued, { ...asked, kind: 'renewal', decidedBy });
  }
  await context.certificateSigner.check(request);
  const authorisation = lateAuthorisation(context, { row, signer, identity });
  checkContents(request, authorisation);
  return await context.records.transaction(async (tx) => {
    await checkLate(tx, context, { request, authorisation });
    const { role, name } = identity;
    return await enqueue(tx, context, { ...asked, role, name, kind: 'late renewal' });
  });
}

/** What a person decides on a late renewal, checked again when it is decided. */
export async function checkLate(
  records: Records,
  context: Enrolling,
  { request, authorisation }: { readonly request: CertificateRequest; readonly authorisation: Authorisation },
): Promise<void> {
  const { identity, names } = authorisation;
  const row = await records.identities.find(identity);
  if (row === undefined || row.revoked_at !== null) throw revoked(`${identityLabel(identity)} is revoked`);
  checkNamesOfRole(context.present.policy, identity.role, names);
  await checkAsked(records, context, { asked: authorisation, request });
}

/** What the certificate that ended authorises. @throws HoldfastError `certificate_revoked`, `certificate_expired` */
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

interface Signer {
  readonly row: CertificateRow;
  readonly signer: Certificate;
  readonly identity: Identity;
}

/** The record of a certificate that somebody shows; one with another's number is none of ours. */
export async function findSigner(
  records: Records,
  signer: Certificate,
): Promise<{ readonly row: CertificateRow; readonly identity: Identity }> {
  const row = await records.certificates.find(signer.serial);
  const { identity } = signer;
  if (row !== undefined && identity !== undefined && equalBytes(row.certificate, signer.der))
    return { row, identity };
  throw new HoldfastError('certificate_not_allowed', `certificate ${signer.serial} was not issued here`, {
    hint: 'sign the request with a certificate of this network, or hand it in unsigned',
  });
}

function revoked(message: string): HoldfastError {
  return new HoldfastError('certificate_revoked', message, {
    hint: 'whoever is to come back gets a code of: holdfast token create --reissue NAME',
  });
}
