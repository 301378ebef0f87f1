import { dayMs, hourMs, minuteMs } from '../base/index.ts';
import type { Role } from '../pki/index.ts';
import type { ProfilePolicy } from './profile-policy.ts';

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

/** With its share of leap days, so that twenty years are not five days short of it. */
const yearDays = 365.25;

const machine = {
  lifetimeMs: 90 * dayMs,
  backdateMs,
  graceMs: 30 * dayMs,
  approval: 'join-code',
  subject: 'asked',
  keyAlgorithms: ['p256', 'p384', 'p521', 'ed25519', 'rsa2048', 'rsa3072', 'rsa4096'],
  extendedKeyUsage: ['serverAuth', 'clientAuth'],
  nameKinds: ['dns', 'ip'],
  dnsSuffixes: [],
  addressRanges: [],
  underscores: 'off',
  sha1Proof: 'off',
} satisfies ProfilePolicy;

const caller = {
  ...machine,
  lifetimeMs: 30 * dayMs,
  extendedKeyUsage: ['clientAuth'],
  nameKinds: [],
} satisfies ProfilePolicy;

/** The profile of each role as a new network has it. */
export const defaultProfiles: Readonly<Record<Role, ProfilePolicy>> = {
  server: machine,
  storage: machine,
  client: caller,
  admin: caller,
};

/**
 * What the authority's own certificates look like; the issuing one signs leaves only (`pathLength` 0), and who signs
 * OCSP answers lives so short that its own revocation need not be asked for.
 */
export const authorityProfiles = {
  root: { lifetimeMs: 20 * yearDays * dayMs, backdateMs, keyAlgorithm: 'p256' },
  issuing: { lifetimeMs: 5 * yearDays * dayMs, backdateMs, keyAlgorithm: 'p256', pathLength: 0 },
  ocspSigner: { lifetimeMs: 30 * dayMs, backdateMs, keyAlgorithm: 'p256' },
} as const;
