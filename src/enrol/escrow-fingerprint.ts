import { hash } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

/**
 * `1f3a-90c2-…`: the first 128 bits of the SHA-256 of a sealed password, as people copy them onto a recovery kit. The
 * audit log holds the whole hash.
 */
export type EscrowFingerprint = string & { readonly __brand: 'EscrowFingerprint' };

const digits = 32;

/** What tells a sealed password from any other that somebody could seal to the same recovery key. */
export function escrowFingerprint(sealed: Bytes): EscrowFingerprint {
  return grouped(hash('sha256', sealed, 'hex'));
}

/** The fingerprint that a person typed, with or without dashes, or the whole hash; undefined when it is none. */
export function parseEscrowFingerprint(text: string): EscrowFingerprint | undefined {
  const hex = text.replaceAll(/[-\s:]/g, '').toLowerCase();
  return /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(hex) ? grouped(hex) : undefined;
}

function grouped(hex: string): EscrowFingerprint {
  return (hex.slice(0, digits).match(/.{4}/g) ?? []).join('-') as EscrowFingerprint;
}
