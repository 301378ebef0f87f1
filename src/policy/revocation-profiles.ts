import { dayMs, hourMs, minuteMs } from '../base/index.ts';

/**
 * How long what is signed about revocation counts, and after how long it is signed anew though nothing changed. Lists
 * count for a week, so that whoever checks them lives through a server that is down over a weekend; answers for an hour.
 */
export const revocationProfiles = {
  root: { lifetimeMs: 30 * dayMs, refreshMs: 7 * dayMs },
  issuing: { lifetimeMs: 7 * dayMs, refreshMs: dayMs },
  ocsp: { lifetimeMs: hourMs, refreshMs: 5 * minuteMs },
} as const;

/** How far apart two lists of an issuer are at least when something was revoked. */
export const minCrlIntervalMs = minuteMs;

/** Whose clock is slow still believes what was just signed. */
export const backdateMs = 5 * minuteMs;
