import { asBuffer, HoldfastError } from '../base/index.ts';
import {
  createNodeRequest,
  followRequest,
  PendingKey,
  type RequestAnswer,
  type RequestServer,
  readEnrolment,
  submitRequest,
} from '../enrol/index.ts';
import { signRequestPkcs7 } from '../pki/index.ts';
import { identityLabel, type Node } from './node.ts';
import { finish, keep, type RenewalOptions } from './renewal.ts';

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
