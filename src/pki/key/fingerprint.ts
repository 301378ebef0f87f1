import { hash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';

/** `SHA256:4f:1c:…`: the SHA-256 of some DER, 32 lowercase hexadecimal pairs. */
export type Fingerprint = string & { readonly __brand: 'Fingerprint' };

/** The fingerprint of a certificate's or a public key's DER. */
export function fingerprint(der: Bytes): Fingerprint {
  return withColons(hash('sha256', der, 'hex'));
}

/** The fingerprint that a person typed: with or without prefix and colons, in any case; undefined when it is none. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const match = /^(?:sha256:)?([0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/.exec(
    text.trim().toLowerCase(),
  );
  const hex = match?.[1]?.replaceAll(':', '');
  return hex === undefined ? undefined : withColons(hex);
}

function withColons(hex: string): Fingerprint {
  let text = `SHA256:${hex.slice(0, 2)}`;
  for (let at = 2; at < hex.length; at += 2) text += `:${hex.slice(at, at + 2)}`;
  return text as Fingerprint;
}
