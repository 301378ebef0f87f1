import type { Bytes } from '../../base/index.ts';
import { readSignedRequest } from '../../pki/index.ts';
import {
  type Enrolling,
  findSigner,
  judge,
  lateAuthorisation,
  PersonAuthoriser,
  prove,
  renewNode,
} from '../enrol/index.ts';
import { isLive } from '../issue/index.ts';
import { identityLabel } from '../records/index.ts';
import { readRequest } from '../signing/index.ts';
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
  // The record first: only keys that were certified here verify anything.
  const found = await findSigner(context.records, signed.signer);
  const { row, identity, signer } = found;
  const der = signed.open();
  const request = readRequest(der);
  const by = identityLabel(identity);
  const asked = { request, renews: signer.serial, asked_by: by, asked_from: from };
  if (isLive(row, context.clock.now())) {
    const issued = await renewNode(context, { identity, serial: signer.serial, request: der });
    const decidedBy = `certificate ${signer.serial}`;
    return await recordApproved(context, issued, { ...asked, kind: 'renewal', decidedBy });
  }
  const ended = lateAuthorisation(context, found);
  const person = new PersonAuthoriser(
    context,
    { kind: 'late renewal', renews: signer.serial, ended },
    { by },
  );
  const judgement = judge(person, request);
  await prove(context, { request, judgement });
  return await context.records.transaction(async (tx) => {
    await person.check(tx, { request, judgement });
    const { role, name } = identity;
    return await enqueue(tx, context, { ...asked, role, name, kind: 'late renewal' });
  });
}
