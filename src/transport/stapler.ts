import { Server } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Bytes, equalBytes } from '../base/index.ts';
import type { Credentials } from './credentials.ts';

/**
 * What Node asks for an OCSP answer when a client wants one stapled to a handshake (RFC 6066 §8), or undefined where there
 * never is any. It is a server by its type alone and never listens: Node looks at the `server` of a socket for its
 * listeners to `OCSPRequest` and, when no certificate was chosen by host name, for the context in use.
 *
 * Answers are asked for at each handshake, which waits for them; without one it goes on all the same.
 */
export function createStapler(context: SecureContext, credentials: Credentials): Server | undefined {
  const { staple, chain } = credentials;
  const [leaf] = chain;
  if (staple === undefined || leaf === undefined) return undefined;
  const server = Object.assign(new Server(), { _sharedCreds: context });
  return server.on('OCSPRequest', (certificate: Bytes | null, _issuer: unknown, answer: Answer) => {
    // A certificate from elsewhere, chosen by host name, is not ours to answer for.
    const isOurs = certificate !== null && equalBytes(certificate, leaf);
    if (!isOurs) return answer(null, undefined);
    staple().then(
      (response) => answer(null, response),
      () => answer(null, undefined),
    );
  });
}

type Answer = (error: Error | null, response: Bytes | undefined) => void;
