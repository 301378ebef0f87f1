import { type Static, Type } from 'typebox';
import { dayMs, HoldfastError, hourMs, minuteMs } from '../base/index.ts';
import { type Role, roles } from '../pki/index.ts';
import { checkNamePolicy } from './name-policy.ts';
import { checkTogether, NetworkListeners } from './network-listeners.ts';
import { parseInput } from './parse-input.ts';
import { ProfilePolicy } from './profile-policy.ts';

/**
 * What a network has decided for all its machines: whether strangers may leave requests (`queue`), how long such a
 * request waits before it is void, what the certificates of each role look like, and what listeners ask of who comes.
 */
export const NetworkPolicy = Type.Object(
  {
    queue: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      description: 'whether machines without a join code may leave requests, which wait for a person',
      examples: ['on'],
    }),
    requestLifetimeMs: Type.Integer({
      minimum: minuteMs,
      maximum: 365 * dayMs,
      description: 'how long a request waits for a decision before it is void',
      examples: ['14d'],
    }),
    dataChannel: Type.Union([Type.Literal('tls'), Type.Literal('plain')], {
      description:
        'how the bytes of packs, which are encrypted before they leave their machine, come to a server: over TLS as everything else, or over its plain port, each by a ticket from the TLS side',
      examples: ['plain'],
    }),
    tlsOnly: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      description:
        'whether plain ports answer nothing but what certificates point to: revocation lists, OCSP, certificates of issuers, and where the servers are',
      examples: ['on'],
    }),
    outsideRevocation: Type.Union([Type.Literal('off'), Type.Literal('soft'), Type.Literal('hard')], {
      description:
        'whether the server asks if an authority outside has revoked the root, or one above it, where another one signed it. What is revoked issues nothing more; where nothing can be learnt, `soft` goes on and says so, and `hard` issues nothing',
      examples: ['hard'],
    }),
    retentionLockMs: Type.Integer({
      minimum: 0,
      maximum: 3650 * dayMs,
      description:
        'how long a snapshot stays after it came here, and whatever was removed stays in the trash: nobody takes it away before, not even an administrator. A shorter lock takes two administrators, and shortens nothing that was promised already',
      examples: ['30d'],
    }),
    trashTimeMs: Type.Integer({
      minimum: 0,
      maximum: 3650 * dayMs,
      description:
        'how long what a client removed rests in the trash before it goes by itself; as long as the retention lock at least',
      examples: ['60d'],
    }),
    quotaBytes: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description:
        'how much each client may store, where nothing is decided of it alone (holdfast node set NAME quota). As much again may rest in its trash',
      examples: ['500GB'],
    }),
    releaseAdmins: Type.Union([Type.Literal('one'), Type.Literal('two')], {
      description:
        'how many administrators it takes to publish a release, which machines that update themselves install: with `two`, the second publishes the very same files within a day. From `two` to `one` takes two as well',
      examples: ['two'],
    }),
    viewLifetimeMs: Type.Integer({
      minimum: 10 * minuteMs,
      maximum: 30 * dayMs,
      description:
        'how long a storage node that hears nothing of the server goes on taking data, by what it was told last of who is good and what each may; after that it gives and takes nothing new',
      examples: ['48h'],
    }),
    profiles: Type.Object(
      { server: ProfilePolicy, storage: ProfilePolicy, client: ProfilePolicy, admin: ProfilePolicy },
      { additionalProperties: false },
    ),
    listeners: NetworkListeners,
  },
  { additionalProperties: false },
);
export type NetworkPolicy = Static<typeof NetworkPolicy>;

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
  /** What it signed ends with it: for so long an old release can be shown for the newest. */
  releaseSigner: { lifetimeMs: 30 * dayMs, backdateMs, keyAlgorithm: 'ed25519' },
} as const;

/** The policy of a new network: nobody leaves requests. */
export const defaultNetworkPolicy: NetworkPolicy = {
  queue: 'off',
  requestLifetimeMs: 30 * dayMs,
  dataChannel: 'tls',
  tlsOnly: 'off',
  outsideRevocation: 'soft',
  retentionLockMs: 0,
  trashTimeMs: 30 * dayMs,
  quotaBytes: 0,
  releaseAdmins: 'one',
  viewLifetimeMs: dayMs,
  profiles: { ...defaultProfiles },
  listeners: {},
};

/**
 * A network's policy out of its record or a file.
 * @throws HoldfastError `settings_invalid`, also for a range that is none and for a role that could not do its work
 */
export function parseNetworkPolicy(input: unknown): NetworkPolicy {
  const policy = parseInput(NetworkPolicy, withNewFields(input), 'policy', explained);
  for (const role of roles) {
    checkNamePolicy(policy.profiles[role]);
    checkUsage(policy.profiles[role], role);
  }
  for (const [name, listener] of Object.entries(policy.listeners)) checkTogether(name, listener);
  if (policy.tlsOnly === 'on' && policy.dataChannel === 'plain')
    throw new HoldfastError('settings_invalid', 'tlsOnly on leaves no plain port for dataChannel plain', {
      hint: 'change that first: holdfast policy set data-channel tls',
    });
  return policy;
}

/** Whether a change of the policy takes something from those who come to a plain port. */
export function cutsPlain(before: NetworkPolicy, after: NetworkPolicy): boolean {
  const channelEnds = before.dataChannel === 'plain' && after.dataChannel === 'tls';
  return channelEnds || (before.tlsOnly === 'off' && after.tlsOnly === 'on');
}

const explained =
  'correct it; docs/reference/policy.md says what each key takes, holdfast policy show what it is now';

/** Fields of a profile that policies of before do not have. */
const newFields = { underscores: 'off', sha1Proof: 'off' } as const satisfies Partial<ProfilePolicy>;

function withNewFields(given: unknown): unknown {
  if (!isRecord(given)) return given;
  const input: Readonly<Record<string, unknown>> = {
    dataChannel: defaultNetworkPolicy.dataChannel,
    tlsOnly: defaultNetworkPolicy.tlsOnly,
    outsideRevocation: defaultNetworkPolicy.outsideRevocation,
    retentionLockMs: defaultNetworkPolicy.retentionLockMs,
    trashTimeMs: defaultNetworkPolicy.trashTimeMs,
    quotaBytes: defaultNetworkPolicy.quotaBytes,
    releaseAdmins: defaultNetworkPolicy.releaseAdmins,
    viewLifetimeMs: defaultNetworkPolicy.viewLifetimeMs,
    ...given,
  };
  if (!isRecord(input['profiles'])) return input;
  const profiles = Object.entries(input['profiles']).map(([role, profile]) => [
    role,
    isRecord(profile) ? { ...newFields, ...profile } : profile,
  ]);
  return { listeners: {}, ...input, profiles: Object.fromEntries(profiles) as unknown };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A node that could not call the server, or be called where it is one, would be shut out by its next renewal. */
function checkUsage({ extendedKeyUsage }: ProfilePolicy, role: keyof NetworkPolicy['profiles']): void {
  const missing = defaultProfiles[role].extendedKeyUsage.find((usage) => !extendedKeyUsage.includes(usage));
  if (missing === undefined) return;
  throw new HoldfastError(
    'settings_invalid',
    `profiles.${role}.extendedKeyUsage: found ${extendedKeyUsage.join(',')}, expected ${missing} among them`,
  );
}
