import { HoldfastError } from '../../base/index.ts';
import { type CertificateRequest, parseCertificate, parseCertificateRequest } from '../../pki/index.ts';
import { checkName, type Enrolling } from '../enrol/index.ts';
import { type Authorisation, issue } from '../issue/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel, type Records, type RequestRow } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';
import { type Asked, type AskedFor, checkAsked, readAsked } from './asked.ts';
import { checkLate, findSigner, lateAuthorisation } from './submit-renewal.ts';

/** A person grants a request: as it was asked, or something else. */
export interface ApproveOrder extends AskedFor {
  readonly by: string;
}

/**
 * Grants a request that waits: what it asks for is checked again by the policy as it is now, issued, and both recorded at
 * once. One that was approved already stays as it is.
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
    const authorisation = await checkDecision(tx, context, { row, said });
    const { request: der, renews, kind: asKind } = row;
    const { spki } = parseCertificateRequest(der);
    const kind = asKind === 'new' ? 'issued' : 'renewed';
    const details = { request: id, renews: renews ?? undefined };
    await issue(tx, context, { authorisation, spki, kind, by, details });
    const identity = identityLabel(authorisation.identity);
    await log.decide(tx, kinds.approved, { by, details: { request: id, identity } });
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

/** A request, and what is said beside it. */
export interface RequestToDecide {
  readonly row: RequestRow;
  readonly said: AskedFor;
}

/**
 * What would be issued now for a request that waits.
 * @throws HoldfastError what keeps it from being issued
 */
export async function checkDecision(
  records: Records,
  context: Enrolling,
  { row, said }: RequestToDecide,
): Promise<Authorisation> {
  const request = parseCertificateRequest(row.request);
  if (row.kind !== 'new') return await decideLate(records, context, { row, request, said });
  const asked = readWaiting(context, { row, said });
  await checkName(records, asked.identity, false);
  await checkAsked(records, context, { asked, request });
  return asked;
}

/** What a request asks for under the policy of now. Errors as `readAsked`. */
export function readWaiting({ present, issuer }: Enrolling, { row, said }: RequestToDecide): Asked {
  const { role = row.role, name = row.name, names } = said;
  const context = { policy: present.policy, network: issuer.network };
  return readAsked(context, parseCertificateRequest(row.request), { role, name, names });
}

/** A renewal says what the certificate before it said. */
async function decideLate(
  records: Records,
  context: Enrolling,
  { row, request, said }: RequestToDecide & { readonly request: CertificateRequest },
): Promise<Authorisation> {
  if (said.role !== undefined || said.name !== undefined || said.names !== undefined) {
    throw new HoldfastError('input_invalid', `request ${row.id} renews ${identityLabel(row)}, as it is`, {
      hint: `approve it as it is: holdfast request approve ${row.id}`,
    });
  }
  const renewed = row.renews === null ? undefined : await records.certificates.find(row.renews);
  if (renewed === undefined) throw new TypeError(`request ${row.id} renews no certificate on record`);
  const signer = parseCertificate(renewed.certificate);
  const found = await findSigner(records, signer);
  const authorisation = lateAuthorisation(context, { ...found, signer });
  await checkLate(records, context, { request, authorisation });
  return authorisation;
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
    hint: 'holdfast cert revoke ends its certificate',
  });
}
