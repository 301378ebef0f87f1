import { type DestinationStream, type Logger, pino } from 'pino';
import { HoldfastError, systemErrorCode } from './error.ts';

/** What may be said along with a message. Values of class `Secret` show as `[redacted]`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The local log: structured, one JSON object a line. Remote peers never see it. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line also carries `fields`. */
  child(fields: LogFields): Log;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What is kept in memory of lines that cannot be written now; what is beyond is lost. */
const maxWaitingBytes = 1024 * 1024;

/**
 * A log that writes JSON lines to `destination`, by default standard error: what is at least as grave as `level`, which is
 * asked for each line, since a server's may change while it runs.
 */
export function createLog(
  options: { level?: LogLevel | (() => LogLevel); destination?: DestinationStream } = {},
): Log {
  const { level = 'info', destination } = options;
  const serializers = { error: (error: unknown) => describeError(error) };
  const open = (): Logger => {
    const timestamp = pino.stdTimeFunctions.isoTime;
    return pino({ level: 'debug', base: null, timestamp, serializers }, destination ?? standardError());
  };
  return wrap(open, typeof level === 'string' ? () => level : level);
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

/** A log that cannot be written, on a full disk or into a pipe that nobody reads, must not end a server. */
function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: maxWaitingBytes });
  destination.on('error', () => {});
  return destination;
}

const maxCauses = 4;

/**
 * An error as the log has it: what it says, then what caused it. Only these parts of it, since errors carry other
 * things too, which nobody has looked at; the stack where it is a bug.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const isExpected = error instanceof HoldfastError;
  const code = isExpected ? error.code : systemErrorCode(error);
  return {
    name,
    code,
    message,
    ...(!isExpected && depth === 0 && { stack }),
    ...(cause !== undefined && depth < maxCauses && { cause: describeError(cause, depth + 1) }),
  };
}

/** From the least grave to the gravest; nothing is as grave as `silent`. */
const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const satisfies readonly LogLevel[];

/** A log over one that is opened for its first line: most commands write none. */
function wrap(open: () => Logger, level: () => LogLevel): Log {
  let opened: Logger | undefined;
  const logger = (): Logger => (opened ??= open());
  const writer =
    (grade: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      if (levels.indexOf(grade) >= levels.indexOf(level())) logger()[grade](fields, message);
    };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    child: (fields) => wrap(() => logger().child(fields), level),
  };
}
