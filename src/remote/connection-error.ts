import { HoldfastError, systemErrorCode } from '../base/index.ts';
import { TransientError } from './back-off.ts';

/**
 * What to throw for a connection that failed. Errors that already say what they mean (the dialer's, about the
 * server's certificate) and TLS alerts are final; a connection not made or lost is a {@link TransientError}.
 */
export function connectionError(error: Error, host: string): Error {
  if (error instanceof HoldfastError && error.code !== 'connection_lost') return error;
  const code = systemErrorCode(error) ?? '';
  if (code.includes('ALERT_CERTIFICATE_REQUIRED')) {
    return new HoldfastError('certificate_required', `${host} asks for a client certificate`, {
      cause: error,
    });
  }
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return new HoldfastError('tls_failed', `${host}: ${error.message}`, { cause: error });
  }
  const failed = unreachableCodes.includes(code) ? 'connection_failed' : 'connection_lost';
  return new TransientError(new HoldfastError(failed, `${host}: ${error.message}`, { cause: error }));
}

const unreachableCodes: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
];
