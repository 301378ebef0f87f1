import { type Static, Type } from 'typebox';
import { dayMs, minuteMs } from '../base/index.ts';
import { parseInput } from './parse-input.ts';

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
 * What the certificates of a role look like.
 *
 * `lifetimeMs` counts from issue; `notBefore` lies `backdateMs` before it, for clocks that are a little behind.
 * `nameKinds` are the subject alternative names that may be authorised beside the identity itself.
 */
export const ProfilePolicy = Type.Object(
  {
    role: Type.Union([
      Type.Literal('server'),
      Type.Literal('storage'),
      Type.Literal('client'),
      Type.Literal('admin'),
    ]),
    lifetimeMs: Type.Integer({ minimum: minuteMs, maximum: 825 * dayMs }),
    backdateMs: Type.Integer({ minimum: 0, maximum: dayMs }),
    keyAlgorithms: Type.Array(KeyAlgorithmName, { minItems: 1, uniqueItems: true }),
    extendedKeyUsage: Type.Array(Type.Union([Type.Literal('serverAuth'), Type.Literal('clientAuth')]), {
      minItems: 1,
      uniqueItems: true,
    }),
    nameKinds: Type.Array(Type.Union([Type.Literal('dns'), Type.Literal('ip')]), { uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type ProfilePolicy = Static<typeof ProfilePolicy>;

/**
 * A profile out of settings.
 *
 * @throws HoldfastError `settings_invalid`
 */
export function parseProfile(input: unknown): ProfilePolicy {
  return parseInput(ProfilePolicy, input, 'profile');
}
