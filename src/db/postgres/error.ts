import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import type { PostgresParameters } from './connection-parameters.ts';

/** An error that the server sent (postgresql.org/docs/current/errcodes-appendix.html). */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
}

/** Turns an error of the driver about a database into a named one; anything else is returned as it came. */
export function namedPostgresError(error: unknown, place: PostgresParameters): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  return isServerError(error) ? namedServerError(error, place) : namedLineError(error, place);
}

/** Whether the server has refused one statement and goes on: what it says is then how that statement ended. */
export function isRefusedStatement(error: unknown): boolean {
  const cause = error instanceof HoldfastError ? error.cause : error;
  return cause instanceof Error && isServerError(cause) && cause.severity === 'ERROR';
}

function isServerError(error: Error): error is ServerError {
  return 'severity' in error && 'code' in error;
}

/** Whoever has lost the line to the database. */
export function unreachable(place: PostgresParameters, problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('database_unreachable', `database ${place.name}: ${problem}`, {
    hint: 'see that PostgreSQL runs there and can be reached; then do it again',
    cause,
  });
}

function namedServerError(error: ServerError, place: PostgresParameters): unknown {
  const { code, message } = error;
  const subject = `database ${place.name}`;
  if (isAway(error)) return unreachable(place, message, error);
  if (code === '53100')
    return new HoldfastError('storage_full', `no space left to record into ${subject}`, {
      hint: 'free space on the disk of PostgreSQL; nothing was changed',
      cause: error,
    });
  if (code.startsWith('28') || code === '3D000' || code === '42501')
    return new HoldfastError('database_refused', `${subject}: ${message}`, {
      hint: refusalHint(code, place),
      cause: error,
    });
  if (code === 'XX001' || code === 'XX002')
    return new HoldfastError('database_damaged', `${subject} is damaged: ${message}`, {
      hint: 'restore the newest backup into another database',
      cause: error,
    });
  if (code.startsWith('58') || code === '25006')
    return new HoldfastError('storage_failed', `${subject}: ${message}`, { cause: error });
  return error;
}

/** Connection exceptions, a server that stops or starts, one that has no connection or memory left. */
function isAway({ code }: ServerError): boolean {
  return code.startsWith('08') || code.startsWith('57P') || code === '53300' || code === '53200';
}

function refusalHint(code: string, { user, database }: PostgresParameters): string {
  if (code === '3D000')
    return `make it: createdb --owner=${user} --encoding=UTF8 --template=template0 ${database}`;
  if (code === '42501') return `let the user write there: ALTER DATABASE "${database}" OWNER TO "${user}"`;
  return `check the password of ${user} and what pg_hba.conf says of this machine`;
}

/** What Node says of a line that was cut or never made has a code, but for what the driver says in words alone. */
function namedLineError(error: Error, place: PostgresParameters): unknown {
  const { message } = error;
  const code = systemErrorCode(error) ?? '';
  if (isTlsProblem(code, message)) {
    return new HoldfastError('tls_failed', `database ${place.name}: ${message}`, {
      hint: 'name the authority of its certificate in the URL: sslrootcert=FILE',
      cause: error,
    });
  }
  if (/^E[A-Z]+$/.test(code) || driverWords.some((words) => message.includes(words)))
    return unreachable(place, message || code, error);
  return error;
}

const driverWords = [
  'Connection terminated',
  'timeout expired',
  'Query read timeout',
  'not queryable',
  'error establishing an SSL connection',
];

/** X.509 errors of OpenSSL as Node names them, and a server that speaks no TLS. */
function isTlsProblem(code: string, message: string): boolean {
  return (
    /^(ERR_(SSL|TLS)|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA)/.test(code) ||
    message.includes('does not support SSL')
  );
}
