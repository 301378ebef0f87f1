import {
  type ErrorCode,
  HoldfastError,
  isHoldfastError,
  isSystemError,
  systemErrorCode,
} from '../base/index.ts';

const unreachable = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
];
const lost = [
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTCONN',
  'ENETRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
  'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
  'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
  'HPE_INVALID_EOF_STATE',
];
const notTls = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'];
/** The same in the words of OpenSSL, where a write was what found out. */
const plainWords = /wrong version number|packet length too long|http request/i;

/**
 * What an error of a connection or a request means, for people: `connection_failed`, `connection_lost`,
 * `certificate_required`, `refused_by_peer`, `tls_failed` or `answer_malformed`. What is none of them (an abort, a bug)
 * comes back as it is.
 *
 * @param peer names the other end, e.g. `server.example:8443`
 */
export function transportError(error: unknown, peer: string): unknown {
  if (isHoldfastError(error)) return error;
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  if (unreachable.includes(code)) {
    const problem = code === 'ECONNREFUSED' ? 'nobody answers there' : `cannot be reached (${code})`;
    return failure(
      'connection_failed',
      `${peer}: ${problem}`,
      error,
      'check that the server runs: holdfast status',
    );
  }
  if (lost.includes(code))
    return failure('connection_lost', `${peer}: the connection broke (${code})`, error);
  if (code.startsWith('HPE_'))
    return answerMalformed(peer, `what it answers is no HTTP (${reasonOf(error)})`, error);
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return tlsError(error, code, peer);
  if (!isSystemError(error)) return error;
  return failure('connection_lost', `${peer}: the connection broke (${code})`, error);
}

/** That the other end breaks the protocol: `found` says by what. */
export function answerMalformed(peer: string, found: string, cause?: unknown): HoldfastError {
  return failure(
    'answer_malformed',
    `${peer}: ${found}`,
    cause,
    'find out what answers at that address: another program, or a proxy in between',
  );
}

/** What Node's parser found: `Parse Error: Missing expected CR after header value`. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Parse Error: /, '') : String(error);
}

function tlsError(cause: unknown, code: string, peer: string): HoldfastError {
  if (code.endsWith('_ALERT_CERTIFICATE_REQUIRED')) {
    return failure(
      'certificate_required',
      `${peer} requires a client certificate`,
      cause,
      'get one: holdfast join',
    );
  }
  if (code.includes('_ALERT_') && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    return failure(
      'refused_by_peer',
      `${peer} refused this machine's certificate (${alertName(code)})`,
      cause,
    );
  }
  if (notTls.includes(code) || (code === 'EPROTO' && plainWords.test(reasonOf(cause)))) {
    return failure(
      'tls_failed',
      `${peer} answers, but does not speak TLS`,
      cause,
      'check the port, or use http://',
    );
  }
  return failure('tls_failed', `${peer}: no agreement on how to speak TLS (${alertName(code)})`, cause);
}

function alertName(code: string): string {
  return code
    .replace(/^ERR_SSL_(?:.*_ALERT_)?/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function failure(code: ErrorCode, message: string, cause: unknown, hint?: string): HoldfastError {
  return new HoldfastError(code, message, { cause, hint });
}
