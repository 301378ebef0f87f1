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

const Switch = Type.Union([Type.Literal('on'), Type.Literal('off')]);

/**
 * What the certificates of a role look like, and who decides on them.
 *
 * `lifetimeMs` counts from issue; `notBefore` lies `backdateMs` before it, for clocks that are a little behind.
 * `nameKinds` are the subject alternative names that may be authorised beside the identity itself, `dnsSuffixes` and
 * `addressRanges` bound them (see `NamePolicy`). `approval`: with `join-code` whoever has one is issued to at once and
 * everybody else waits for a person, with `by-hand` everybody waits. `graceMs` is how long after its end a certificate
 * can still stand for a renewal, which a person approves. `subject`: the distinguished name that was asked for, or no
 * more than the identity's name.
 */
export const ProfilePolicy = Type.Object(
  {
    lifetimeMs: Type.Integer({ minimum: minuteMs, maximum: 825 * dayMs }),
    backdateMs: Type.Integer({ minimum: 0, maximum: dayMs }),
    graceMs: Type.Integer({ minimum: 0, maximum: 365 * dayMs }),
    approval: Type.Union([Type.Literal('join-code'), Type.Literal('by-hand')]),
    subject: Type.Union([Type.Literal('asked'), Type.Literal('name')]),
    keyAlgorithms: Type.Array(KeyAlgorithmName, { minItems: 1, uniqueItems: true }),
    extendedKeyUsage: Type.Array(Type.Union([Type.Literal('serverAuth'), Type.Literal('clientAuth')]), {
      minItems: 1,
      uniqueItems: true,
    }),
    nameKinds: Type.Array(Type.Union([Type.Literal('dns'), Type.Literal('ip')]), { uniqueItems: true }),
    dnsSuffixes: Type.Array(Type.String({ maxLength: 253 }), { maxItems: 256, uniqueItems: true }),
    addressRanges: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 256, uniqueItems: true }),
    underscores: Switch,
    sha1Proof: Switch,
  },
  { additionalProperties: false },
);
export type ProfilePolicy = Static<typeof ProfilePolicy>;
