import { type ErrorCode, HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';

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
const lost = ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTCONN'];
const notTls = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'];

/**
 * What an error of a connection or a request means, for people: `connection_failed`, `connection_lost`,
 * `certificate_required`, `refused_by_peer` or `tls_failed`. What is none of them (an abort, a bug) comes back as it is.
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
  return code.startsWith('ERR_SSL_') ? tlsError(error, code, peer) : error;
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
  if (notTls.includes(code)) {
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
  return new HoldfastError(code, message, { cause, ...(hint !== undefined && { hint }) });
}
