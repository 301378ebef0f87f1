import { hash } from 'node:crypto';
import {
  asBuffer,
  type Bytes,
  type Clock,
  concatBytes,
  type ErrorCode,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  type Log,
  Secret,
} from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import { Hot, isUnheard, type Line, mayBeDone, mostHopeful, TlsDialer } from '../transport/index.ts';
import { type Keystore, singleRootBundle, type TrustBundle } from '../trust/index.ts';
import { createNodeRequest, type Enrolment, PendingKey, readEnrolment } from './enrolment.ts';
import { acceptedJson, type ExchangeAnswer, exchange } from './exchange.ts';
import { fetchRoot } from './fetch-trust.ts';
import type { JoinCode } from './join-code.ts';
import { enrolPaths, type JoinRequest } from './message.ts';

/** What joining needs besides the code. */
export interface JoinOptions {
  /** Where the key is made and kept. */
  readonly keystore: Keystore;
  /** Under which label key and chain are kept once the certificate is there. */
  readonly label: string;
  /**
   * Keeps what else came, durably. Called before the key gets its label, so that whenever there is an identity in the
   * keystore, all that belongs to it is there too.
   */
  readonly keep: (enrolment: Enrolment) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Makes this machine the node that the code names, which is one name by now (`joinCodeFor`). Two connections for each address of the code, in turn: the first
 * fetches the root, which must be the code's; the second trusts that root alone, and only when the server on it has
 * proved to be a server of the code's network is the secret sent.
 *
 * Can be called again after any failure, a crash included: whoever asks again with the same code gets the same answer.
 *
 * @throws HoldfastError `join_code_*`, `name_taken`, `request_not_allowed`, `certificate_*`, `host_*`,
 *   `connection_*`, `tls_*`, `refused_by_peer`
 */
export async function join(code: JoinCode, options: JoinOptions): Promise<Enrolment> {
  const identity: Identity = { network: code.network, role: code.role, name: code.name };
  const wasSent = options.keystore.has(pendingLabel(code));
  const pending = await PendingKey.take(options.keystore, pendingLabel(code));
  const { spki, request } = createNodeRequest(identity, pending.key);
  const secret = asBuffer(code.secret.reveal()).toString('base64');
  const { bundle, answer } = await askFirst(code, { version: 1, secret, request }, options).catch(
    async (error: unknown) => {
      if (isNeverIssued(error, wasSent)) await pending.discard();
      throw error;
    },
  );
  const at = new Date(options.clock.now());
  const enrolment = readEnrolment(answer, { identity, spki, bundle, at });
  await options.keep(enrolment);
  await pending.settle(options.label, enrolment.chain, (entries) =>
    entries.putSecret(joinedLabel, markOf(code)),
  );
  return enrolment;
}

/** Whether the identity in a keystore is the one that came by this code. */
export function hasJoinedBy(keystore: Keystore, code: JoinCode): boolean {
  return (
    keystore.has(joinedLabel) && equalBytes(keystore.secret(joinedLabel).reveal(), markOf(code).reveal())
  );
}

const joinedLabel = 'joined by';

function markOf(code: JoinCode): Secret<Bytes> {
  return new Secret(Buffer.from(pendingLabel(code)));
}

/** RFC 6585 §4. */
const tooManyRequests = 429;

/** One for each code and name: a key that was sent for one must not turn up for another. */
function pendingLabel({ secret, name }: JoinCode): string {
  return `join ${hash('sha256', concatBytes(secret.reveal(), Buffer.from(name))).slice(0, 16)}`;
}

/** Refusals after which no server of the network issues for this code and key. */
const finalCodes: readonly ErrorCode[] = [
  'join_code_unknown',
  'join_code_used',
  'join_code_expired',
  'join_code_revoked',
  'name_taken',
  'request_not_allowed',
];

/** Whether there is no certificate for the key, and none on its way whose answer was lost. */
function isNeverIssued(error: unknown, wasSentBefore: boolean): boolean {
  if (isHoldfastError(error, ...finalCodes)) return true;
  return !wasSentBefore && isHoldfastError(error) && !mayBeDone(error);
}

interface Answered {
  /** The code's root alone. */
  readonly bundle: TrustBundle;
  readonly answer: unknown;
}

/** The answer of the first address that gives one, be it a refusal: what one server refuses is not tried at another. */
async function askFirst(code: JoinCode, message: JoinRequest, options: JoinOptions): Promise<Answered> {
  const { line, signal } = options;
  const reach = () => reachFirst(code, message, options);
  const reached = line === undefined ? await reach() : await line.attempt({ signal, isKnown: false }, reach);
  const { address, bundle, answer } = reached;
  return { bundle, answer: acceptedJson(answer, address) };
}

interface Reached {
  readonly address: string;
  readonly bundle: TrustBundle;
  readonly answer: ExchangeAnswer;
}

async function reachFirst(code: JoinCode, message: JoinRequest, options: JoinOptions): Promise<Reached> {
  const failures: HoldfastError[] = [];
  for (const address of code.addresses) {
    try {
      return await ask(address, code, message, options);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      failures.push(error);
      options.log.info('could not join at this address', {
        address,
        code: error.code,
        reason: error.message,
      });
    }
  }
  throw mostTelling(failures, code.addresses);
}

async function ask(
  address: string,
  code: JoinCode,
  message: JoinRequest,
  options: JoinOptions,
): Promise<Reached> {
  const { clock, signal, line } = options;
  const root = await fetchRoot(address, code.fingerprint, { signal });
  line?.reached();
  const bundle = singleRootBundle(code.network, root);
  const dialer = new TlsDialer({ bundle: new Hot(bundle), clock });
  try {
    const url = `https://${address}${enrolPaths.join}`;
    const answer = await exchange({ url, message, connection: { agent: dialer.agent() }, signal });
    // Nothing is decided yet: later it may be, here or at another address.
    if (answer.status === tooManyRequests) acceptedJson(answer, address);
    return { address, bundle, answer };
  } finally {
    dialer.close();
  }
}

/**
 * A server that answered and was wrong says more than one that could not be reached; an answer that was lost may have
 * been the certificate, which asking again brings.
 */
function mostTelling(
  failures: readonly HoldfastError[],
  [first = 'HOST:PORT']: readonly string[],
): HoldfastError {
  const telling = failures.find(mayBeDone) ?? failures.find((failure) => !isUnheard(failure));
  if (telling !== undefined) return telling;
  const reasons = failures.map(({ message }) => message).join('; ');
  const likeliest = mostHopeful(failures);
  return new HoldfastError(
    likeliest?.code ?? 'host_not_found',
    `no address of the join code can be reached: ${reasons || 'it has none'}`,
    {
      cause: likeliest,
      hint: `is the server up, and its enrolment port open to this machine? holdfast doctor https://${first} says more`,
    },
  );
}
