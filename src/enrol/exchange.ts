import { Check } from 'typebox/value';
import { type Bytes, type ErrorCode, HoldfastError, isErrorCode, secondMs } from '../base/index.ts';
import {
  answerMalformed,
  askHttp,
  type HttpAnswer,
  type HttpRequest,
  isPassingStatus,
  type Line,
  pointingToDoctor,
  receiveBytes,
  transportError,
} from '../transport/index.ts';
import {
  checkpointHeader,
  encodeCheckpointHeader,
  readCheckpointHeader,
  type SignedCheckpoint,
} from './checkpoint.ts';
import { maxMessageBytes, Refusal } from './message.ts';

/** One request of the conversation. */
export interface ExchangeRequest {
  /** `https://host:port` and the path. */
  readonly url: string;
  /** Posted as JSON; without one it is a GET. */
  readonly message?: object;
  /** How the connection is made and whom it believes. */
  readonly connection: Pick<HttpRequest, 'agent' | 'rejectUnauthorized'>;
  /** The newest checkpoint this node was shown. */
  readonly checkpoint?: SignedCheckpoint;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
  /** Whether the address was good before this run. Yes unless said. */
  readonly isKnown?: boolean;
  /** Of the answer; {@link maxMessageBytes} unless said. */
  readonly maxBytes?: number;
  /** The tag of what is here already (RFC 9110 §13.1.2): status 304 where the server has nothing else. */
  readonly known?: string | undefined;
}

/** An answer, bounded. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Bytes;
  /** What the server says of its log beside the answer, not verified. */
  readonly checkpoint?: SignedCheckpoint;
  /** By which what it holds is known (RFC 9110 §8.8.3). */
  readonly tag?: string | undefined;
}

/** For all of it: these are small messages, and a server that drips bytes must not hold us for ever. */
const timeoutMs = 60 * secondMs;

/**
 * Sends one request and reads its answer, both bounded. Whatever the status, it is an answer; not to get one is
 * `host_*`, `connection_*`, `tls_*`, `answer_malformed` or a `certificate_*` of the server. Each
 * message of the conversation may be sent twice: the second answer is the same as the one that was lost.
 */
export async function exchange(exchanged: ExchangeRequest): Promise<ExchangeAnswer> {
  const { line, signal, isKnown = true } = exchanged;
  if (line === undefined) return await exchangeOnce(exchanged);
  return await line.attempt({ signal, isKnown }, () => exchangeOnce(exchanged));
}

async function exchangeOnce(exchanged: ExchangeRequest): Promise<ExchangeAnswer> {
  const { host } = new URL(exchanged.url);
  const { maxBytes = maxMessageBytes } = exchanged;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([deadline, ...(exchanged.signal ? [exchanged.signal] : [])]);
  try {
    const asked = await send({ ...exchanged, signal });
    const checkpoint = readCheckpointHeader(asked.message.headers[checkpointHeader]);
    const { etag: tag } = asked.message.headers;
    const answer = { status: asked.status, body: await receiveBytes(asked, maxBytes), checkpoint, tag };
    checkAble(answer, host);
    return answer;
  } catch (error) {
    exchanged.signal?.throwIfAborted();
    throw pointingToDoctor(deadline.aborted ? tooSlow(host) : transportError(error, host), host);
  }
}

/** What stands before a server, or one that ends, says that it cannot answer now, and not why. */
function checkAble({ status, body }: ExchangeAnswer, host: string): void {
  if (!isPassingStatus(status) || Check(Refusal, parseJson(body))) return;
  throw new HoldfastError('server_unavailable', `server ${host} answered ${status}`);
}

/**
 * The JSON of an answer that is not a refusal.
 * @throws HoldfastError with the code the peer was told, `refused_by_peer`, `answer_malformed`
 */
export function acceptedJson({ status, body }: ExchangeAnswer, host: string): unknown {
  const value = parseJson(body);
  if (status >= 200 && status < 300) {
    if (value !== undefined) return value;
    throw answerMalformed(host, `what it answers with status ${status} is no JSON`);
  }
  const { code: told, message, hint: said } = Check(Refusal, value) ? value : {};
  const code = isErrorCode(told) ? told : 'refused_by_peer';
  // Where what was asked is, the server knows alone.
  const hint = code === 'service_elsewhere' ? said : nextSteps[code];
  const refused = new HoldfastError(
    code,
    code === 'authority_superseded'
      ? `server ${host} is an older copy of the authority`
      : (message ?? `server ${host} refused with status ${status} and did not say why`),
    { hint },
  );
  throw pointingToDoctor(refused, host);
}

const newCode = 'get a new code at the server: holdfast token create NAME';
const reissueCode = 'get a reissue code at the server: holdfast token create NAME --reissue';

const olderCopy =
  'this server is an older copy of the authority and has stopped: start the newer one, or let its names lead to it';

/** Where the step that goes with the code would be one for the server's own machine. */
const nextSteps: Partial<Record<ErrorCode, string>> = {
  join_code_unknown: newCode,
  join_code_used: newCode,
  join_code_expired: newCode,
  join_code_revoked: newCode,
  name_taken: reissueCode,
  certificate_expired: reissueCode,
  certificate_revoked: reissueCode,
  authority_superseded: olderCopy,
  request_unknown:
    'check the handle: a request that is handed in again has a new one, and the one before ends',
  connections_exhausted: 'end what holds connections to the server on this machine, then run it again',
  rate_limited: 'wait a minute, then run it again',
  storage_full: 'make room at the server, then run it again',
};

function send({ url, message, connection, checkpoint, signal, known }: ExchangeRequest): Promise<HttpAnswer> {
  const json = message === undefined ? undefined : Buffer.from(JSON.stringify(message));
  const headers = {
    ...(json && { 'content-type': 'application/json' }),
    ...(known !== undefined && { 'if-none-match': known }),
    ...(checkpoint && { [checkpointHeader]: encodeCheckpointHeader(checkpoint) }),
  };
  const body = json && { chunks: [json], size: json.length };
  const method = json === undefined ? 'GET' : 'POST';
  return askHttp({ method, url: new URL(url), headers, body, signal, ...connection });
}

function tooSlow(host: string): HoldfastError {
  const message = `server ${host} did not answer within ${timeoutMs / secondMs} s`;
  return new HoldfastError('connection_stalled', message);
}

function parseJson(body: Bytes): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
