import { type Static, Type } from 'typebox';
import { dayMs, minuteMs } from '../base/index.ts';

const KeyAlgorithmName = Type.Union([
  Type.Literal('p256'),
  Type.Literal('p384'),
  Type.Literal('p521'),
  Type.Literal('ed25519'),
  Type.Literal('rsa2048'),
  Type.Literal('rsa3072'),
  Type.Literal('rsa4096'),
]);

/**
 * What the certificates of a role look like, and who decides on them. Each field has its meaning and an example of what is typed,
 * of which the reference page is made; `dnsSuffixes` and `addressRanges` are a `NamePolicy`.
 */
export const ProfilePolicy = Type.Object(
  {
    lifetimeMs: Type.Integer({
      minimum: minuteMs,
      maximum: 825 * dayMs,
      description: 'how long a certificate is valid, from issue',
      examples: ['14d'],
    }),
    backdateMs: Type.Integer({
      minimum: 0,
      maximum: dayMs,
      description: 'how long before issue it is valid already, for clocks that are behind',
      examples: ['10m'],
    }),
    graceMs: Type.Integer({
      minimum: 0,
      maximum: 365 * dayMs,
      description: 'how long after its end it can still stand for a renewal, which a person approves',
      examples: ['7d'],
    }),
    approval: Type.Union([Type.Literal('join-code'), Type.Literal('by-hand')], {
      description:
        'who decides: `join-code` issues at once to whoever has one, all others wait for a person; with `by-hand` everybody waits',
      examples: ['by-hand'],
    }),
    subject: Type.Union([Type.Literal('asked'), Type.Literal('name')], {
      description: 'the distinguished name: what was asked for, or no more than the name of the machine',
      examples: ['name'],
    }),
    keyAlgorithms: Type.Array(KeyAlgorithmName, {
      minItems: 1,
      uniqueItems: true,
      description: 'the kinds of keys that are certified',
      examples: ['p256,p384,ed25519'],
    }),
    extendedKeyUsage: Type.Array(Type.Union([Type.Literal('serverAuth'), Type.Literal('clientAuth')]), {
      minItems: 1,
      uniqueItems: true,
      description: 'what the key may be used for; those of the default cannot be left out',
      examples: ['serverAuth,clientAuth'],
    }),
    nameKinds: Type.Array(Type.Union([Type.Literal('dns'), Type.Literal('ip')]), {
      uniqueItems: true,
      description: 'which names a certificate may have beside its identity; `none` for no other',
      examples: ['dns,ip'],
    }),
    dnsSuffixes: Type.Array(Type.String({ maxLength: 253 }), {
      maxItems: 256,
      uniqueItems: true,
      description: 'the domains in which host names may be, themselves among them; `any` for no bounds',
      examples: ['example.com,corp.example'],
    }),
    addressRanges: Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 256,
      uniqueItems: true,
      description: 'the blocks in which addresses may be; `any` for no bounds',
      examples: ['10.0.0.0/8,192.168.1.*'],
    }),
    underscores: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      description: 'whether host names may have underscores, which RFC 5280 gives none',
      examples: ['on'],
    }),
    sha1Proof: Type.Union([Type.Literal('on'), Type.Literal('off')], {
      description:
        'whether a request may prove by a signature with SHA-1 that it has its key, as IIS and Exchange make it',
      examples: ['on'],
    }),
  },
  { additionalProperties: false },
);
export type ProfilePolicy = Static<typeof ProfilePolicy>;

/** What a certificate is renewed by: its span of validity and its serial number in hexadecimal. */
interface Renewable {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly serial: string;
}

const meanShare = 2 / 3;
const spread = 0.05;
const digitsUsed = 8;

/**
 * When a certificate is to be renewed: around two thirds of its life, which leaves a third of it to get through outages.
 * Each has its own moment, up to a twentieth of the life before or after, taken from its random serial number: machines
 * that joined in one hour do not all come back in one, and one that asks again gets the same answer.
 */
export function renewalTime({ notBefore, notAfter, serial }: Renewable): Date {
  const share = meanShare + (fractionOf(serial) * 2 - 1) * spread;
  return new Date(notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * share);
}

/** Whether a certificate is past its {@link renewalTime} at `nowMs`, milliseconds since 1970. */
export function needsRenewal(certificate: Renewable, nowMs: number): boolean {
  return nowMs >= renewalTime(certificate).getTime();
}

/** 0 up to 1, by the last digits. */
function fractionOf(serial: string): number {
  return Number.parseInt(serial.slice(-digitsUsed).padStart(digitsUsed, '0'), 16) / 16 ** digitsUsed;
}
