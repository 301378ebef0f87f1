import { hash, randomBytes } from 'node:crypto';
import { type Bytes, dayMs, equalBytes, HoldfastError } from '../../base/index.ts';
import type { RequestState } from '../../enrol/index.ts';
import { type CertificateRequest, parseCertificate, placeOfAddress, type Role } from '../../pki/index.ts';
import type { LeftOut, Said } from '../enrol/index.ts';
import { type Issued, type Issuing, isLive, requestNotAllowed } from '../issue/index.ts';
import { kinds } from '../log/index.ts';
import { type NewRequest, publicKeyHash, type Records, type RequestRow } from '../records/index.ts';

/** A request that is on record. */
export interface Submitted {
  readonly id: number;
  /** What it is followed by; nobody can be told again. */
  readonly handle: string;
  readonly state: RequestState;
  readonly role: Role;
  readonly name: string;
  readonly expiresAt: Date;
  /** What it asks for and would not get. */
  readonly leftOut?: readonly LeftOut[];
  /** When it was approved at once: the leaf, then the issuing certificate. */
  readonly chain?: readonly Bytes[];
}

const maxPending = 1000;
const maxPendingOfPlace = 20;

/** A request that is to wait. */
export interface Waiting extends Pick<NewRequest, 'asked_by' | 'asked_from' | 'kind' | 'role' | 'name'> {
  readonly request: CertificateRequest;
  readonly renews?: NewRequest['renews'];
}

/**
 * Lets a request wait for a person. One that asks for the same, as the same, waits already: it comes under a new handle when
 * it comes again from where it came from. Whatever else the same key asks for is a request of its own.
 */
export async function enqueue(tx: Records, context: Issuing, waiting: Waiting): Promise<Submitted> {
  const row = toRow(context, waiting);
  const handle = createHandle();
  const before = (await tx.requests.pendingOf(row.public_key, row.asked_at)).find((each) =>
    isSame(each, row, waiting.request),
  );
  if (before !== undefined) {
    await replaceHandleFor(tx, before, { from: row.asked_from, handle });
    return submitted(before, handle);
  }
  await checkRoom(tx, row);
  const id = await tx.requests.insert(hashHandle(handle), row);
  const details = { request: id, identity: `${row.role}/${row.name}`, kind: row.kind, by: row.asked_by };
  await context.log.decide(tx, kinds.requested, { by: row.asked_from, details });
  return submitted({ ...row, id, state: 'pending' }, handle);
}

/** What somebody hands in again, perhaps since its handle was lost. */
export interface HandedInAgain extends Pick<Said, 'role' | 'name'> {
  readonly request: CertificateRequest;
  readonly from: string;
}

/**
 * The answer to a request that was approved before, under a new handle, while its certificate can be used: to whoever comes
 * from where it came from, and says nothing else of it. Undefined for any other.
 */
export async function approvedBefore(
  tx: Records,
  { clock }: Issuing,
  { request, from, role, name }: HandedInAgain,
): Promise<Submitted | undefined> {
  const nowMs = clock.now();
  const rows = await tx.requests.approvedOf(publicKeyHash(request.spki), nowMs);
  const before = rows.find(
    (row) =>
      row.kind === 'new' &&
      row.asked_from === from &&
      asksFor(row.request, request.info) &&
      (role ?? row.role) === row.role &&
      (name ?? row.name) === row.name,
  );
  if (before === undefined || before.certificate === null) return undefined;
  const certificate = await tx.certificates.read(before.certificate);
  const issuer = certificate && (await tx.issuers.find(certificate.issuer));
  if (certificate === undefined || issuer === undefined || !isLive(certificate, nowMs)) return undefined;
  const handle = createHandle();
  await tx.requests.replaceHandle(before.id, hashHandle(handle));
  return { ...submitted(before, handle), chain: [certificate.certificate, issuer.certificate] };
}

/** Whether one on record is the same request: the same is asked for by it, and was said of it. */
function isSame(
  { kind, role, name, renews, request }: Omit<NewRequest, 'asked_at'>,
  other: Omit<NewRequest, 'asked_at'>,
  { info }: CertificateRequest,
): boolean {
  return (
    kind === other.kind &&
    role === other.role &&
    name === other.name &&
    renews === other.renews &&
    asksFor(request, info)
  );
}

/** Whether a request in DER is for what is signed in another; its signature can be another one each time that it is made. */
function asksFor(request: Bytes, info: Bytes): boolean {
  // After the identifier and the length of the whole, in one to four bytes.
  return [2, 3, 4, 5].some((at) => equalBytes(request.subarray(at, at + info.length), info));
}

function toRow({ clock, present }: Issuing, { request, renews = null, ...rest }: Waiting): NewRequest {
  const nowMs = clock.now();
  return {
    ...rest,
    renews,
    public_key: publicKeyHash(request.spki),
    request: request.der,
    asked_at: nowMs,
    expires_at: nowMs + present.policy.requestLifetimeMs,
  };
}

/** Whoever finds a request somewhere must not be able to take its handle from who made it. */
async function replaceHandleFor(
  tx: Records,
  { id, asked_from }: RequestRow,
  { from, handle }: { readonly from: string; readonly handle: string },
): Promise<void> {
  if (asked_from !== from)
    throw requestNotAllowed(
      'this request waits already, from another address',
      'follow it by the handle that it had there, or hand it in from there',
    );
  await tx.requests.replaceHandle(id, hashHandle(handle));
}

async function checkRoom(tx: Records, { asked_by, asked_from, asked_at, kind }: NewRequest): Promise<void> {
  const place = placeOfAddress(asked_from);
  let inAll = 0;
  let fromThere = 0;
  for (const origin of await tx.requests.countPendingByOrigin(asked_at)) {
    inAll += origin.n;
    if (placeOfAddress(origin.asked_from) === place) fromThere += origin.n;
  }
  const full = inAll >= maxPending ? `${inAll} requests wait` : undefined;
  // Whoever is no administrator, be it that they have a certificate that ended.
  const fullThere = (asked_by === 'unknown' || kind !== 'new') && fromThere >= maxPendingOfPlace;
  const why = full ?? (fullThere ? `${fromThere} requests from ${place} wait` : undefined);
  if (why === undefined) return;
  throw new HoldfastError('rate_limited', `${why} already, and no more are taken`, {
    hint: 'the administrator decides on them first: holdfast request list',
  });
}

/**
 * Puts on record that a request was granted as it came. The certificate is on record already: whoever asks again after
 * a crash in between gets the same one.
 */
export async function recordApproved(
  context: Issuing,
  { id: certificate, chain }: Issued,
  granted: Omit<Waiting, 'role' | 'name'> & { readonly decidedBy: string },
): Promise<Submitted> {
  const { decidedBy, ...rest } = granted;
  const identity = parseCertificate(chain[0] as Bytes).identity;
  if (identity === undefined) throw new TypeError('a certificate without identity was issued');
  const { role, name } = identity;
  const row = toRow(context, { ...rest, role, name });
  const handle = createHandle();
  const id = await context.records.transaction(async (tx) => {
    const before = (await tx.requests.grantedBy(certificate, row.asked_at)).find((each) =>
      isSame(each, row, granted.request),
    );
    if (before !== undefined) {
      await tx.requests.replaceHandle(before.id, hashHandle(handle));
      return before.id;
    }
    const added = await tx.requests.insert(hashHandle(handle), row);
    await tx.requests.approve(added, { by: decidedBy, atMs: row.asked_at, role, name, certificate });
    return added;
  });
  return { ...submitted({ ...row, id, state: 'approved' }, handle), chain };
}

function submitted(
  { id, state, role, name, expires_at }: Pick<RequestRow, 'id' | 'state' | 'role' | 'name' | 'expires_at'>,
  handle: string,
): Submitted {
  return { id, handle, state, role, name, expiresAt: new Date(expires_at) };
}

const handleBytes = 16;
/** RFC 4648 §6, in lower case. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new handle: 128 random bits in 26 letters. Whoever has it can follow the request; here only its hash is kept. */
function createHandle(): string {
  const bits = Array.from(randomBytes(handleBytes), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => letters[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

/** What a handle is known by in the records. */
export function hashHandle(handle: string): Bytes {
  return hash('sha256', handle, 'buffer');
}

/** How long a request that ended can still be asked after. */
const keptMs = 90 * dayMs;

/** Puts on record which requests have waited too long; they answer as expired before that already. */
export async function expireRequests({ records, clock }: Issuing): Promise<void> {
  await records.requests.expire(clock.now());
}

/** Removes requests that ended long ago; the log keeps what became of them. A clock that is wrong removes nothing. */
export async function removeOldRequests({ records, clock, clockGuard }: Issuing): Promise<void> {
  if (clockGuard.problem() === undefined) await records.requests.removeEnded(clock.now() - keptMs);
}
