import type { PasswordEncryption } from './password-encryption.ts';

/** What protects one bag of a PKCS#12 file: its own encryption, that of all bags around it, or neither. */
export interface BagProtection {
  readonly kind: 'certificates' | 'keys';
  readonly by: readonly (PasswordEncryption | undefined)[];
}

/**
 * What people should know of how a file is protected: `certificates by RC2-40, keys by Triple DES`. Undefined when nothing
 * in it is encrypted with RC2 or RC4, and no key is there in the clear.
 */
export function weakProtection(bags: readonly BagProtection[]): string | undefined {
  const described = bags.map(({ kind, by }) => ({ kind, by: strongest(by) }));
  if (!described.some(({ kind, by }) => by.startsWith('RC') || (kind === 'keys' && by === nothing)))
    return undefined;
  return [...new Set(described.map(({ kind, by }) => `${kind} by ${by}`))].join(', ');
}

const nothing = 'nothing';

function strongest(by: BagProtection['by']): string {
  const names = by.filter((one) => one !== undefined).map(nameOf);
  return names.find((name) => !name.startsWith('RC')) ?? names[0] ?? nothing;
}

function nameOf(encryption: PasswordEncryption): string {
  if (encryption.kind === 'pkcs12') return encryption.scheme;
  return encryption.cipher === 'des-ede3-cbc' ? 'Triple DES' : encryption.cipher.slice(0, 7).toUpperCase();
}
