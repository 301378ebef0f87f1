import type { Agent } from 'node:http';
import { type ErrorCode, HoldfastError } from '../base/index.ts';
import { bodyChunks, type ObjectBody } from '../storage/index.ts';
import {
  askHttp,
  type HttpAnswer,
  isHttpSuccess,
  isPassingStatus,
  pointingToDoctor,
  type QuotaState,
  quotaHeader,
  readQuota,
  receiveText,
  transportError,
} from '../transport/index.ts';

/** Where requests go, and over which connections. */
export interface RestPeer {
  /** Ends with `/`. */
  readonly url: URL;
  readonly agent: Agent;
  /** Told of what is stored there and may be, where the server says it. */
  readonly onQuota?: ((told: QuotaState) => void) | undefined;
}

interface RestRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Relative to the peer's URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly chunks: ObjectBody; readonly size: number };
  readonly signal?: AbortSignal;
}

/**
 * Makes one request, once; an answer that is no success is read and given as a refusal. A connection that cannot be made or
 * is lost fails as {@link transportError} says; what the agent says of the server's certificate, what the body's source
 * throws and an aborted signal's reason come as they are.
 */
export async function ask(
  { url, agent, onQuota }: RestPeer,
  request: RestRequest,
): Promise<RestAnswer | Refusal> {
  const { path, body, signal } = request;
  const headers = { accept: 'application/vnd.x.restic.rest.v2', ...request.headers };
  const sent = body && { size: body.size, chunks: bodyChunks(body.chunks, signal) };
  const order = { ...request, url: new URL(path, url), agent, headers, body: sent };
  const answer = await askHttp(order).catch((error: unknown) => {
    const meant = transportError(error, url.host);
    throw url.protocol === 'https:' ? pointingToDoctor(meant, url.host) : meant;
  });
  const told = readQuota(answer.message.headers[quotaHeader]);
  if (told !== undefined) onQuota?.(told);
  return isHttpSuccess(answer) ? { kind: 'answer', ...answer } : await readRefusal(answer);
}

/** The bytes of an error's body that are looked at. */
const maxErrorBytes = 4096;

/** The codes that are believed when a server sends them, and with which status. */
const believedCodes: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: ['object_corrupt', 'input_invalid'],
  401: ['bearer_required', 'bearer_unknown', 'bearer_expired', 'bearer_revoked'],
  403: [
    'bearer_wrong_identity',
    'object_exists',
    'append_only',
    'retention_locked',
    'node_quarantined',
    'view_expired',
    'namespace_forbidden',
    'certificate_expired',
    'certificate_not_yet_valid',
    'certificate_revoked',
    'certificate_unknown_authority',
    'certificate_wrong_network',
    'certificate_wrong_role',
    'certificate_required',
    'certificate_not_allowed',
    'issuer_revoked',
  ],
  404: ['object_not_found', 'repository_missing', 'service_elsewhere'],
  429: ['connections_exhausted'],
  503: ['store_missing'],
  507: ['storage_full', 'quota_exceeded', 'trash_exceeded'],
};

/** What a status means when no believed code comes with it. */
const plainCodes: Readonly<Record<number, ErrorCode>> = {
  401: 'namespace_forbidden',
  403: 'namespace_forbidden',
  404: 'object_not_found',
  416: 'range_not_satisfiable',
  507: 'storage_full',
};

/** An answer that is a success, and whose body is still to be read. */
interface RestAnswer extends HttpAnswer {
  readonly kind: 'answer';
}

/** Why a server refused a request. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  /** Who refused. */
  readonly host: string;
  readonly code: ErrorCode;
  /** Whether the server said the code itself; otherwise it follows from the status. */
  readonly told: boolean;
}

/** The answer that `outcome` is; throws for a refusal, `server_unavailable` when it may pass. */
export function expectAnswer(outcome: RestAnswer | Refusal, doing: string): RestAnswer {
  if (outcome.kind === 'answer') return outcome;
  throw pointingToDoctor(refusalError(outcome, doing), outcome.host);
}

/** Reads why a request was refused, and closes the answer. */
async function readRefusal(answer: HttpAnswer): Promise<Refusal> {
  const { status, host, message } = answer;
  const code = toldCode(await bodyText(answer), status) ?? believed(message.headers['holdfast-code'], status);
  return {
    kind: 'refusal',
    status,
    host,
    code: code ?? plainCodes[status] ?? 'refused_by_peer',
    told: code !== undefined,
  };
}

function refusalError({ status, code, host }: Refusal, doing: string): HoldfastError {
  // A disk is mounted by a person, in their own time: it is no failure that passes.
  if (code === 'store_missing') return new HoldfastError(code, `${doing}: the store of ${host} is not there`);
  if (code === 'service_elsewhere')
    return new HoldfastError(code, `${doing}: ${host} is a port of the server that has no repositories`, {
      hint: `name the port that has; holdfast doctor https://${host} says which`,
    });
  if (code === 'connections_exhausted')
    return new HoldfastError(code, `${doing}: this machine has as many connections to ${host} as it may`);
  if (status === 429)
    return new HoldfastError('rate_limited', `${doing}: ${host} answers no more of this for a while`);
  const isServers = isPassingStatus(status) || (status >= 500 && !plainCodes[status] && status !== 501);
  if (isServers) return new HoldfastError('server_unavailable', `${doing}: ${host} answered ${status}`);
  return new HoldfastError(code, `${doing}: refused with status ${status} (${code})`);
}

function toldCode(text: string, status: number): ErrorCode | undefined {
  try {
    const { code } = Object(JSON.parse(text)) as { code?: unknown };
    return believed(code, status);
  } catch {
    return undefined;
  }
}

function believed(code: unknown, status: number): ErrorCode | undefined {
  return believedCodes[status]?.find((each) => each === code);
}

/** An error's body; what is wrong with it does not matter. */
async function bodyText(answer: HttpAnswer): Promise<string> {
  try {
    return await receiveText(answer, maxErrorBytes);
  } catch {
    return '';
  }
}
