import type { IncomingMessage } from 'node:http';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { roles } from '../pki/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import type { CertifiedPeer, Peer, PeerGate, TokenPeer } from '../transport/index.ts';
import { readShownToken } from '../trust/index.ts';
import type { LetIn } from './let-in.ts';

/** What says who sent a request, and keeps who was let in without a good certificate. */
export interface Asking {
  readonly gate: PeerGate;
  readonly letIn: LetIn;
}

/**
 * Who sent a request to a listener that requires no certificate: whom its certificate names, where the listener asked for one
 * and it is good, else whom its bearer token names. One that is not good names nobody; where both are good they have to
 * name the same. With `warn` it is kept who was let in without a good certificate, and why it was not.
 *
 * @throws HoldfastError `bearer_required`, another `bearer_*`, or what is wrong with the certificate where no token is shown
 */
export async function whoAsks(
  { name: listener, clientCertificate }: ListenerPolicy,
  request: IncomingMessage,
  { gate, letIn }: Asking,
  forRenewal: boolean,
): Promise<Peer> {
  const { socket } = request;
  const shown = gate.tokens === undefined ? undefined : readShownToken(request.headers.authorization);
  const certified =
    clientCertificate === 'warn'
      ? await certificateOf(gate, request, forRenewal)
      : new HoldfastError('bearer_required', `listener ${listener} asks nobody for a certificate`);
  if (shown === undefined || gate.tokens === undefined) {
    if (isPeer(certified)) return certified;
    throw request.headers.authorization === undefined ? certified : notOne();
  }
  const bearer = await gate.tokens.check(socket, shown, { roles });
  if (isPeer(certified)) {
    checkSame(certified, bearer);
    return certified;
  }
  if (clientCertificate === 'warn')
    letIn.note({ listener, identity: bearer.identity, socket }, certified.code);
  return bearer;
}

async function certificateOf(
  gate: PeerGate,
  { socket }: IncomingMessage,
  forRenewal: boolean,
): Promise<CertifiedPeer | HoldfastError> {
  try {
    return await gate.check(socket, { roles, forRenewal });
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

function isPeer(found: CertifiedPeer | HoldfastError): found is CertifiedPeer {
  return 'identity' in found;
}

function checkSame({ identity }: CertifiedPeer, { identity: other, token }: TokenPeer): void {
  if (identity.role === other.role && identity.name === other.name) return;
  throw new HoldfastError(
    'bearer_wrong_identity',
    `the certificate is of ${identity.role} ${identity.name}, bearer token ${token} of ${other.role} ${other.name}`,
  );
}

function notOne(): HoldfastError {
  return new HoldfastError('bearer_unknown', 'what is shown is no bearer token, which begins with hfb1_');
}
