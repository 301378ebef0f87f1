import { asBuffer, type Clock, HoldfastError, type Log } from '../base/index.ts';
import {
  createNodeRequest,
  type Enrolment,
  followRequest,
  type JoinCode,
  join,
  PendingKey,
  type RequestAnswer,
  type RequestServer,
  readEnrolment,
  renew,
  submitRequest,
} from '../enrol/index.ts';
import { identityUri, signRequestPkcs7 } from '../pki/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { rewriteExports, staleExports } from './export-certificate.ts';
import { checkEpoch } from './learn-from-server.ts';
import { identityLabel, type Node } from './node.ts';
import { enrolledState, withChosen } from './node-state.ts';

/** What renewing and joining need besides the node. */
export interface RenewalOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How a line that is down is borne. */
  readonly line?: Line;
}

/**
 * Renews the certificate of `node` at `server`, dialing with the present one. Until it succeeds the old one stays; an
 * export that cannot be rewritten is logged and does not undo the renewal.
 * @throws HoldfastError `certificate_expired` when the present one is past its end: it opens no door any more;
 *   `certificate_required` where this machine shows none
 */
export async function renewNode(
  node: Node,
  { server, dialer }: { server: string; dialer: TlsDialer },
  { clock, log, signal, line }: RenewalOptions,
): Promise<void> {
  checkNotExpired(node, clock);
  checkShown(node);
  await renew({
    identity: node.identity,
    keystore: node.keystore,
    label: identityLabel,
    server,
    dialer,
    bundle: node.bundle.current,
    checkpoint: node.state.checkpoint,
    keep: (enrolment) =>
      dialer.doubt() === undefined ? keep(node, enrolment, log) : keepProven(node, enrolment),
    clock,
    signal,
    line,
  });
  await finish(node, log);
}

/** Gets a certificate for the same identity with a reissue code, for a node whose own has expired. */
export async function rejoinNode(
  node: Node,
  code: JoinCode,
  { clock, log, signal, line }: RenewalOptions,
): Promise<void> {
  const { keystore } = node;
  await join(code, {
    keystore,
    label: identityLabel,
    keep: (enrolment) => keep(node, enrolment, log),
    clock,
    log,
    signal,
    line,
  });
  await finish(node, log);
}

function checkShown({ clientPolicy }: Node): void {
  if (clientPolicy.presentCertificate) return;
  throw new HoldfastError(
    'certificate_required',
    'a certificate is renewed by whoever shows it, and this machine shows none (presentCertificate off)',
    { hint: 'holdfast client set presentCertificate on, then holdfast cert renew' },
  );
}

function checkNotExpired(node: Node, clock: Clock): void {
  const { notAfter } = node.certificate;
  const now = new Date(clock.now());
  if (now <= notAfter) return;
  const since = `expired at ${notAfter.toISOString()}, and it is ${now.toISOString()}`;
  throw new HoldfastError(
    'certificate_expired',
    `the certificate of ${identityUri(node.identity)} ${since}`,
    {
      hint: 'holdfast cert renew, which an administrator approves; or with a code of holdfast token create --reissue NAME: holdfast join',
    },
  );
}

/**
 * Keeps what came with a certificate. The recovery key stays the one that was learned at the first joining: whoever could change it would read the keys of
 * every repository made from then on.
 */
async function keep(node: Node, enrolment: Enrolment, log: Log): Promise<void> {
  const { recoveryRecipient, checkpoint } = node.state;
  // Whoever has the key of an issuer signs checkpoints as he likes.
  if (!node.isIssuerRevoked) checkEpoch(checkpoint, enrolment.checkpoint);
  if (enrolment.recoveryRecipient !== recoveryRecipient) {
    log.warn('the server names another recovery key; the one known from joining is kept', {
      named: enrolment.recoveryRecipient,
    });
  }
  await node.keepTrust(enrolment.bundle);
  await node.updateState((state) => ({
    ...enrolledState(enrolment),
    servers: withChosen(state, enrolment.servers),
    recoveryRecipient,
  }));
}

/** Of a server that has not proved to be one nothing is kept but what the authority signed: not whom to trust, not where to go. */
async function keepProven(node: Node, { checkpoint }: Enrolment): Promise<void> {
  if (node.isIssuerRevoked) return;
  checkEpoch(node.state.checkpoint, checkpoint);
  await node.updateState({ checkpoint });
}

/** Writes exports again when a renewal was cut off before it could. */
export async function mendExports(node: Node, log: Log): Promise<void> {
  if ((await staleExports(node)).length > 0) await rewriteAll(node, log);
}

/** Shows the new certificate from now on, and writes it wherever it was exported to. */
async function finish(node: Node, log: Log): Promise<void> {
  node.useCredentials();
  await rewriteAll(node, log);
}

async function rewriteAll(node: Node, log: Log): Promise<void> {
  for (const { directory, cause } of await rewriteExports(node)) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.warn('an export could not be rewritten and still holds the old certificate', { directory, reason });
  }
}

/** A renewal that waits for a person. */
export interface WaitingRenewal {
  readonly handle: string;
  /** `host:port`. */
  readonly server: string;
  /** ISO 8601: until when it waits. */
  readonly expires: string;
}

/** Apart from the key of a renewal in time, whose answer may be on its way. */
const lateLabel = `${identityLabel} late renewal`;

/**
 * Renews the certificate of `node` after its end: a request for a new key, signed with the old one, that a person at the
 * server decides on. Called again it asks what became of it, and when it was approved the new certificate is in its
 * place; undefined then.
 *
 * @throws HoldfastError `certificate_expired` when the certificate ended too long ago, `certificate_revoked`,
 *   `request_denied`, `request_expired`, and as `submitRequest`
 */
export async function renewLate(node: Node, options: RenewalOptions): Promise<WaitingRenewal | undefined> {
  const { clock, signal, line } = options;
  const { lateRenewal } = node.state;
  const server = { address: enrolAddress(node), bundle: node.bundle.current, clock, signal, line };
  if (lateRenewal === undefined || lateRenewal === null) return await handIn(node, server, options);
  const answer = await followRequest(lateRenewal.handle, { ...server, address: lateRenewal.server });
  return await settle(node, { answer, waiting: { ...lateRenewal, expires: answer.expires } }, options);
}

/** The listener that enrols comes after the one for nodes. */
export function enrolAddress({ state }: Pick<Node, 'state'>): string {
  const { hostname, port } = new URL(state.servers[0] ?? '');
  return `${hostname}:${Number(port || 443) + 1}`;
}

async function handIn(
  node: Node,
  server: RequestServer,
  options: RenewalOptions,
): Promise<WaitingRenewal | undefined> {
  const { chain, privateKey } = node.credentials.current;
  const pending = await PendingKey.take(node.keystore, lateLabel);
  const { request } = createNodeRequest(node.identity, pending.key);
  const signed = signRequestPkcs7({
    request: Buffer.from(request, 'base64'),
    certificate: chain[0] as Uint8Array,
    privateKey,
  });
  const answer = await submitRequest({ request: asBuffer(signed).toString('base64') }, server);
  const lateRenewal = { handle: answer.handle, server: server.address };
  await node.updateState({ lateRenewal });
  return await settle(node, { answer, waiting: { ...lateRenewal, expires: answer.expires } }, options);
}

interface Answered {
  readonly answer: RequestAnswer;
  readonly waiting: WaitingRenewal;
}

async function settle(
  node: Node,
  { answer, waiting }: Answered,
  options: RenewalOptions,
): Promise<WaitingRenewal | undefined> {
  if (answer.state === 'pending') return waiting;
  const pending = await PendingKey.take(node.keystore, lateLabel);
  if (answer.state !== 'approved') {
    await pending.discard();
    await node.updateState({ lateRenewal: null });
    throw refused(answer, waiting);
  }
  const { spki } = createNodeRequest(node.identity, pending.key);
  const at = new Date(options.clock.now());
  const expected = { identity: node.identity, spki, bundle: node.bundle.current, at };
  const enrolment = readEnrolment(answer.enrolment, expected);
  // A listener that enrols may show a certificate from elsewhere, which vouches for a host and not for whom to trust. The
  // renewal after this one, over mutual TLS, brings that.
  await keep(node, { ...enrolment, bundle: node.bundle.current }, options.log);
  // Before the key gets its place: after a crash in between the request is made again, and not asked after for ever.
  await node.updateState({ lateRenewal: null });
  await pending.settle(identityLabel, enrolment.chain);
  await finish(node, options.log);
  return undefined;
}

function refused(
  { state, reason = 'no reason was given' }: RequestAnswer,
  { handle }: WaitingRenewal,
): HoldfastError {
  const hint = 'join again with a code of: holdfast token create --reissue NAME, at the server';
  return state === 'denied'
    ? new HoldfastError('request_denied', `the renewal ${handle} was denied: ${reason}`, { hint })
    : new HoldfastError('request_expired', `nobody decided on the renewal ${handle} in time`, { hint });
}
