import type { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type ErrorCode, HoldfastError, systemErrorCode } from '../base/index.ts';
import { plainHttp, transportError, webRoots } from '../transport/index.ts';

/** How connections to a web server are kept. */
interface WebAgentOptions {
  /** Certificates in PEM that are believed beside the roots of the system. */
  readonly roots?: readonly string[];
  /** How many at once; any number unless said. */
  readonly maxSockets?: number;
}

/**
 * Connections to one web server that are used again; none of them keeps a process from ending. An https server is believed when
 * this machine trusts who signed its certificate.
 */
export function webAgent({ protocol }: URL, { roots = [], maxSockets }: WebAgentOptions = {}): Agent {
  const kept = { keepAlive: true, ...(maxSockets !== undefined && { maxSockets }) };
  return protocol === 'https:'
    ? new HttpsAgent({ ...kept, ca: [...webRoots(), ...roots] })
    : new (plainHttp().Agent)(kept);
}

/** What it means that no answer came from the server called `name`. Expected failures, and bugs, come back as they are. */
export function webFailure(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  // Nobody but a deadline aborts these.
  if (['TimeoutError', 'AbortError'].includes(error.name))
    return new HoldfastError('connection_stalled', `${name} did not answer in time`);
  const meaning = named[systemErrorCode(error) ?? ''];
  if (meaning === undefined) return transportError(error, name);
  const [code, problem, hint] = meaning;
  return new HoldfastError(code, `${name}: ${problem}`, { hint, cause: error });
}

type Meaning = readonly [code: ErrorCode, problem: string, hint: string];

const untrusted: Meaning = [
  'certificate_unknown_authority',
  'its certificate is from nobody whom this machine trusts',
  'add its root to the trust store of this machine, or name a PEM file with it: SSL_CERT_FILE=FILE holdfast …',
];

const named: Readonly<Record<string, Meaning>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: ['certificate_expired', 'its certificate has expired', 'renew it there'],
  CERT_NOT_YET_VALID: ['certificate_not_yet_valid', 'its certificate is not valid yet', 'compare the clocks'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'certificate_wrong_name',
    'its certificate is for another name',
    'name it as its certificate does',
  ],
};
