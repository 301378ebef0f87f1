import { HoldfastError } from '../../base/index.ts';
import { parseCertificate, parseCertificateRequest } from '../../pki/index.ts';
import {
  certifyIn,
  type Enrolling,
  findSigner,
  type Judged,
  judge,
  lateAuthorisation,
  PersonAuthoriser,
  type PersonBasis,
  type Said,
} from '../enrol/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel, type Records, type RequestRow } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';

/** A person grants a request: as it was asked, or something else. */
export interface ApproveOrder extends Said {
  readonly by: string;
}

/**
 * Grants a request that waits: what it asks for is judged again by the policy as it is now, issued, and both recorded at
 * once, with what was left out and what was added. One that was approved already stays as it is.
 * @throws HoldfastError `request_unknown`, `request_denied`, `request_expired`, and as `submitRequest` and `issue` do
 */
export async function approveRequest(
  context: Enrolling,
  id: number,
  { by, ...said }: ApproveOrder,
): Promise<RequestRow> {
  const { records, log } = context;
  checkStanding(context);
  return await records.transaction(async (tx) => {
    const row = await findExisting(tx, context, id);
    if (row.state === 'approved') return row;
    checkPending(row);
    const { person, ...judged } = await judgeWaiting(tx, context, { row, said, by });
    await certifyIn(tx, context, person, { judged });
    const { identity, leftOut, added } = judged.judgement;
    const details = {
      request: id,
      identity: identityLabel(identity),
      ...(leftOut.length > 0 && { leftOut: leftOut.map(({ what }) => what) }),
      ...(added.length > 0 && { added }),
    };
    await log.decide(tx, kinds.approved, { by, details });
    return await findExisting(tx, context, id);
  });
}

/**
 * Refuses a request that waits; whoever made it can read `reason`. One that was denied already stays as it is.
 * @throws HoldfastError `request_unknown`, `request_expired`, `request_not_allowed` for one that was approved
 */
export async function denyRequest(
  context: Enrolling,
  id: number,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<RequestRow> {
  const { records, log } = context;
  checkStanding(context);
  return await records.transaction(async (tx) => {
    const row = await findExisting(tx, context, id);
    if (row.state === 'denied') return row;
    if (row.state === 'approved') throw approvedAlready(row);
    checkPending(row);
    const details = { request: id, identity: identityLabel(row), reason };
    await log.decide(tx, kinds.denied, { by, details });
    return await findExisting(tx, context, id);
  });
}

/** A request that waits, and what is said beside it now. */
export interface RequestToDecide {
  readonly row: RequestRow;
  readonly said: Said;
  /** Who decides. */
  readonly by?: string;
}

/** Whoever decides on a request, and what it comes to by that. */
export interface Decidable extends Judged {
  readonly person: PersonAuthoriser;
}

/**
 * What a request that waits comes to now. @throws HoldfastError as `judge` and, for the certificate of a late renewal,
 *   `certificate_revoked`, `certificate_expired`
 */
export async function judgeWaiting(
  records: Records,
  context: Enrolling,
  { row, said, by = 'unknown' }: RequestToDecide,
): Promise<Decidable> {
  const request = parseCertificateRequest(row.request);
  const basis = await basisOf(records, context, { row, said });
  const person = new PersonAuthoriser(context, basis, { by, request: row.id });
  return { person, request, judgement: judge(person, request) };
}

/** A renewal says what the certificate before it said; what is said of any other counts for what nobody says now. */
async function basisOf(
  records: Records,
  context: Enrolling,
  { row, said }: RequestToDecide,
): Promise<PersonBasis> {
  if (row.kind === 'new') {
    const { role = row.role, name = row.name } = said;
    return { kind: 'asked', said: { ...said, role, name } };
  }
  if (Object.values(said).some((each) => each !== undefined)) {
    throw new HoldfastError('input_invalid', `request ${row.id} renews ${identityLabel(row)}, as it is`, {
      hint: `approve it as it is: holdfast request approve ${row.id}`,
    });
  }
  const renewed = row.renews === null ? undefined : await records.certificates.find(row.renews);
  if (renewed === undefined) throw new TypeError(`request ${row.id} renews no certificate on record`);
  const found = await findSigner(records, parseCertificate(renewed.certificate));
  return { kind: 'late renewal', renews: renewed.serial, ended: lateAuthorisation(context, found) };
}

async function findExisting({ requests }: Records, { clock }: Enrolling, id: number): Promise<RequestRow> {
  const row = await requests.find(id, clock.now());
  if (row !== undefined) return row;
  throw new HoldfastError('request_unknown', `there is no request ${id}`, {
    hint: 'holdfast request list shows them',
  });
}

function checkPending({ id, state, decided_by, decided_at, expires_at }: RequestRow): void {
  if (state === 'pending') return;
  if (state === 'expired')
    throw new HoldfastError(
      'request_expired',
      `request ${id} waited until ${new Date(expires_at).toISOString()} and is void`,
    );
  throw new HoldfastError(
    'request_denied',
    `request ${id} was denied by ${decided_by} ${new Date(decided_at ?? 0).toISOString()}`,
    { hint: 'whoever still wants a certificate hands a new request in' },
  );
}

function approvedAlready({ id, decided_by }: RequestRow): HoldfastError {
  return new HoldfastError('request_not_allowed', `request ${id} was approved already by ${decided_by}`, {
    hint: 'holdfast cert revoke NAME ends its certificate',
  });
}
