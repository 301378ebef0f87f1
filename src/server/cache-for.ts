import { minuteMs, secondMs } from '../base/index.ts';

/** How long what is said of revocation may be kept on its way: that is how late a revocation can come. */
const maxAgeMs = 5 * minuteMs;

/** What a cache on the way is told of an answer about revocation (RFC 5019 §6.2, RFC 9111). */
export function cacheFor({
  tag,
  changedAt,
  goodUntil,
  nowMs,
}: {
  /** With its quotes. */
  readonly tag: string;
  readonly changedAt: Date;
  readonly goodUntil: Date;
  readonly nowMs: number;
}): Record<string, string> {
  const ageMs = Math.max(0, Math.min(maxAgeMs, goodUntil.getTime() - nowMs));
  return {
    etag: tag,
    'last-modified': changedAt.toUTCString(),
    expires: new Date(nowMs + ageMs).toUTCString(),
    'cache-control': `public, max-age=${Math.floor(ageMs / secondMs)}, must-revalidate, no-transform`,
  };
}
