import {
  type ErrorCode,
  HoldfastError,
  isHoldfastError,
  isSystemError,
  systemErrorCode,
} from '../base/index.ts';

/** What an error of the system, of Node's sockets or of its HTTP parser means. */
interface Meaning {
  readonly code: ErrorCode;
  /** After the name of the other end. */
  readonly problem: string;
  readonly hint?: string;
}

const reset: Meaning = { code: 'connection_reset', problem: 'the connection was cut' };
const ended: Meaning = { code: 'connection_closed', problem: 'the connection ended too early' };
const altered: Meaning = { code: 'connection_lost', problem: 'bytes were changed on the way' };
const noWay: Meaning = { code: 'host_unreachable', problem: 'no way leads there' };
const silent: Meaning = { code: 'connection_timed_out', problem: 'no connection, and no answer at all' };
const stalled: Meaning = { code: 'connection_stalled', problem: 'nothing more came over the connection' };
const notTls: Meaning = {
  code: 'tls_not_spoken',
  problem: 'answers, but does not speak TLS',
  hint: 'check the port, or use http://',
};
const noVersion: Meaning = { code: 'tls_no_common_version', problem: 'no version of TLS in common' };
const noGroup: Meaning = {
  code: 'tls_no_common_group',
  problem: 'no key-exchange group or no cipher suite in common',
};

/** By the code of Node; alerts of TLS by their names alone, since what OpenSSL says before them depends on its version. */
const meanings: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: { code: 'host_not_found', problem: 'nobody has this name' },
  EAI_AGAIN: { code: 'host_lookup_failed', problem: 'the name service does not answer' },
  ECONNREFUSED: { code: 'connection_refused', problem: 'nobody answers there' },
  EHOSTUNREACH: noWay,
  EHOSTDOWN: noWay,
  ENETUNREACH: noWay,
  ENETDOWN: noWay,
  EADDRNOTAVAIL: noWay,
  ETIMEDOUT: stalled,
  ECONNRESET: reset,
  ECONNABORTED: reset,
  EPIPE: reset,
  ENOTCONN: reset,
  ENETRESET: reset,
  ERR_STREAM_PREMATURE_CLOSE: ended,
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: ended,
  HPE_INVALID_EOF_STATE: ended,
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: altered,
  ALERT_BAD_RECORD_MAC: altered,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_HTTP_REQUEST: notTls,
  ALERT_PROTOCOL_VERSION: noVersion,
  ERR_SSL_UNSUPPORTED_PROTOCOL: noVersion,
  ALERT_HANDSHAKE_FAILURE: noGroup,
  ALERT_INSUFFICIENT_SECURITY: noGroup,
};
/** In the words of OpenSSL, where a write was what found out. */
const plainWords = /wrong version number|packet length too long|http request/i;

/**
 * What an error of a connection or a request means, for people: one code for each cause, as the reference has them. What
 * is none (an abort, a bug) comes back as it is.
 *
 * @param peer names the other end, e.g. `server.example:8443`
 */
export function transportError(error: unknown, peer: string): unknown {
  if (isHoldfastError(error)) return error;
  const cause = mostTelling(error);
  const code = systemErrorCode(cause);
  if (code === undefined) return error;
  const meaning = isNeverConnected(cause) ? silent : meanings[code.replace(/^ERR_SSL_.*_ALERT_/, 'ALERT_')];
  if (meaning !== undefined) return meant(meaning, peer, cause);
  if (code.startsWith('HPE_'))
    return answerMalformed(peer, `what it answers is no HTTP (${reasonOf(cause)})`, cause);
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return tlsError(cause, code, peer);
  if (!isSystemError(cause)) return error;
  return failure('connection_lost', `${peer}: the connection broke (${code})`, cause);
}

/** Of the addresses of one name, that which is best known: a machine that refuses is there. */
const tellingFirst = ['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Node tries every address of a name, and gives what failed at each. */
function mostTelling(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const errors = error.errors as readonly unknown[];
  for (const code of tellingFirst) {
    const found = errors.find((each) => systemErrorCode(each) === code);
    if (found !== undefined) return found;
  }
  return errors[0] ?? error;
}

function isNeverConnected(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ETIMEDOUT' && error.syscall === 'connect';
}

/** That the other end breaks the protocol: `found` says by what. */
export function answerMalformed(peer: string, found: string, cause?: unknown): HoldfastError {
  return failure('answer_malformed', `${peer}: ${found}`, cause);
}

/** What Node's parser found: `Parse Error: Missing expected CR after header value`. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Parse Error: /, '') : String(error);
}

function tlsError(cause: unknown, code: string, peer: string): HoldfastError {
  if (code.endsWith('_ALERT_CERTIFICATE_REQUIRED'))
    return failure('certificate_required', `${peer} requires a client certificate`, cause);
  if (code.includes('_ALERT_') && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return failure(
      'refused_by_peer',
      `${peer} refused this machine's certificate (${alertName(code)})`,
      cause,
    );
  }
  if (code === 'EPROTO' && plainWords.test(reasonOf(cause))) return meant(notTls, peer, cause);
  return failure('tls_failed', `${peer}: no agreement on how to speak TLS (${alertName(code)})`, cause);
}

function meant({ code, problem, hint }: Meaning, peer: string, cause: unknown): HoldfastError {
  return new HoldfastError(code, `${peer}: ${problem}`, { cause, hint });
}

function alertName(code: string): string {
  return code
    .replace(/^ERR_SSL_(?:.*_ALERT_)?/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function failure(code: ErrorCode, message: string, cause: unknown): HoldfastError {
  return new HoldfastError(code, message, { cause });
}
