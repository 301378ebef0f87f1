import { type Static, Type } from 'typebox';

/** The TLS versions that may be asked for; anything older is not spoken. */
export const TlsVersion = Type.Union([Type.Literal('TLSv1.2'), Type.Literal('TLSv1.3')]);
export type TlsVersion = Static<typeof TlsVersion>;

/** The key-exchange groups that may be chosen, by their names in the TLS Supported Groups registry or OpenSSL's. */
export const KeyExchangeGroup = Type.Union([
  Type.Literal('X25519MLKEM768'),
  Type.Literal('SecP256r1MLKEM768'),
  Type.Literal('SecP384r1MLKEM1024'),
  Type.Literal('X25519'),
  Type.Literal('P-256'),
  Type.Literal('P-384'),
  Type.Literal('P-521'),
]);
export type KeyExchangeGroup = Static<typeof KeyExchangeGroup>;

/**
 * The default order: a hybrid that a later quantum computer does not open comes first, and the classical ones stay for
 * clients that know no hybrid, such as older restic binaries.
 */
export const strongestGroups: readonly KeyExchangeGroup[] = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'];

/** Whether what is exchanged in this group stays secret from a later quantum computer. */
export function isPostQuantum(group: KeyExchangeGroup): boolean {
  return group.includes('MLKEM');
}
