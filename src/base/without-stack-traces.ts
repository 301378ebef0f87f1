/**
 * Runs `work` while errors are made without a stack. For calls into Node that throw and catch errors of their own on the
 * way to success, as making a key object does: writing down where they came from costs more than the work.
 */
export function withoutStackTraces<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
