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

/** What a level allows: versions, suites and groups, each as OpenSSL calls it. */
interface TlsLevelFacts {
  readonly minimumVersion: TlsVersion;
  /** Of TLS 1.3, in the order of preference; the client's order counts. */
  readonly suites13: readonly string[];
  /** Of TLS 1.2. */
  readonly suites12: readonly string[];
  readonly groups: readonly KeyExchangeGroup[];
}

const suites13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const groups: readonly KeyExchangeGroup[] = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'];

/**
 * The levels of Mozilla's guideline for TLS on servers, version 6.0 of 6 April 2026
 * (https://ssl-config.mozilla.org/guidelines/6.0.json), as far as they concern connections.
 */
export const tlsLevels = {
  modern: { minimumVersion: 'TLSv1.3', suites13, suites12: [], groups },
  intermediate: {
    minimumVersion: 'TLSv1.2',
    suites13,
    suites12: [
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ],
    groups,
  },
} as const satisfies Readonly<Record<string, TlsLevelFacts>>;

/** The name of a level. */
export const TlsLevel = Type.Union([Type.Literal('modern'), Type.Literal('intermediate')]);
export type TlsLevel = keyof typeof tlsLevels;

/** The level whose suites a listener offers that accepts this version and what is newer. */
export function levelOf(minimumVersion: TlsVersion): TlsLevel {
  return minimumVersion === 'TLSv1.3' ? 'modern' : 'intermediate';
}
