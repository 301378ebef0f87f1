import { type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import { readSignedRequest, requestFromText } from '../../pki/index.ts';
import {
  type Enrolling,
  enrolNode,
  findSigner,
  judge,
  lateAuthorisation,
  PersonAuthoriser,
  prove,
  renewNode,
  type Said,
} from '../enrol/index.ts';
import { isLive, requestNotAllowed } from '../issue/index.ts';
import { identityLabel, type NewRequest } from '../records/index.ts';
import { readRequest } from '../signing/index.ts';
import { checkStanding } from '../standing/index.ts';
import { approvedBefore, enqueue, recordApproved, type Submitted } from './keep-request.ts';

/** Somebody hands a request in. */
export interface SubmitOrder extends Pick<Said, 'role' | 'name'> {
  /** As it came: PEM, DER or base64, of PKCS#10 or PKCS#7. */
  readonly input: Bytes;
  /** The secret of a join code, which decides at once. */
  readonly secret?: Secret<Bytes>;
  /** The administrator who hands it in; undefined for whoever comes over the network. */
  readonly by?: string;
  /** Where it came from: an address, or who the administrator is. */
  readonly from: string;
}

/**
 * Takes a request in, when everything about it is as it has to be: it waits for a person, or is granted at once, by a
 * join code or for the certificate that it was signed with. A request that waits already is the same one, under a new
 * handle, when it comes again from where it came from.
 *
 * @throws HoldfastError `queue_closed` for strangers while the queue is off, `rate_limited` when it is full;
 *   `request_malformed`, `request_signature_invalid`, `request_not_allowed`, `key_weak`, `key_unsupported`,
 *   `name_invalid`, `name_reserved`, `name_not_permitted`, `name_taken`; with a join code as `enrolNode`, with a
 *   signature as `renewNode`
 */
export async function submitRequest(context: Enrolling, order: SubmitOrder): Promise<Submitted> {
  checkStanding(context);
  const { kind, der } = requestFromText(order.input);
  if (kind === 'pkcs7') return await submitSigned(context, der, order);
  if (order.secret !== undefined)
    return await submitWithCode(context, der, { ...order, secret: order.secret });
  if (order.by === undefined) checkOpen(context);
  const request = readRequest(der);
  const { role, name } = order;
  const said = { role, name };
  const person = new PersonAuthoriser(context, { kind: 'asked', said }, { by: order.by ?? 'unknown' });
  const judgement = judge(person, request);
  await prove(context, { request, judgement });
  return await context.records.transaction(async (tx) => {
    const before = await approvedBefore(tx, context, { request, from: order.from, ...said });
    if (before !== undefined) return before;
    await person.check(tx, { request, judgement });
    const { identity, leftOut } = judgement;
    const submitted = await enqueue(tx, context, { ...askedBy(order), request, ...identity, kind: 'new' });
    return { ...submitted, leftOut };
  });
}

function checkOpen({ present }: Enrolling): void {
  if (present.policy.queue === 'on') return;
  throw new HoldfastError('queue_closed', 'requests are not taken here now', {
    hint: 'ask the administrator for a join code, or for: holdfast policy set queue on',
  });
}

function askedBy({ by = 'unknown', from }: SubmitOrder): Pick<NewRequest, 'asked_by' | 'asked_from'> {
  return { asked_by: by, asked_from: from };
}

/** The certificate that it is signed with says what is renewed: nothing beside it can. */
async function submitSigned(context: Enrolling, der: Bytes, order: SubmitOrder): Promise<Submitted> {
  const { role, name, secret } = order;
  if (role === undefined && name === undefined && secret === undefined)
    return await submitRenewal(context, der, order);
  throw requestNotAllowed(
    'a request that is signed with a certificate renews that one: no profile, name or join code goes with it',
    'hand it in without them',
  );
}

async function submitWithCode(
  context: Enrolling,
  der: Bytes,
  order: SubmitOrder & { readonly secret: Secret<Bytes> },
): Promise<Submitted> {
  const { secret, from, role, name } = order;
  const issued = await enrolNode(context, { secret, request: der, from, said: { role, name } });
  return await recordApproved(context, issued, {
    ...askedBy(order),
    kind: 'new',
    request: readRequest(der),
    decidedBy: 'join code',
  });
}

/**
 * A request signed with the certificate that it is to renew, by the old key and the new. While that certificate is valid
 * this is a renewal like any other and granted at once; within the profile's grace after its end a person decides.
 *
 * @throws HoldfastError `certificate_not_allowed` for a certificate that was not issued here, `certificate_revoked`,
 *   `certificate_expired` beyond the grace, `request_malformed`, `request_signature_invalid`, `request_not_allowed`
 */
async function submitRenewal(
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
