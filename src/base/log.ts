import { createRequire } from 'node:module';
import type { DestinationStream, Logger, pino as Pino } from 'pino';

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

/** A log that writes JSON lines to `destination`, by default standard error. */
export function createLog(options: { level?: LogLevel; destination?: DestinationStream } = {}): Log {
  const pino = loadPino();
  const { level = 'info', destination = pino.destination({ dest: 2, sync: true }) } = options;
  return wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination));
}

/** A log that drops everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** With the first log and not before: worker threads have none, and pino takes 20 ms and 8 MB of each. */
function loadPino(): typeof Pino {
  return (createRequire(import.meta.url)('pino') as { pino: typeof Pino }).pino;
}
