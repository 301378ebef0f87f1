import { type KeyObject, sign, verify } from 'node:crypto';

/**
 * A signature over `text` behind the name of what it is, in base64: SHA-256 with the key's own scheme, ECDSA as DER; Ed25519
 * without a hash of its own. Nothing that is signed as one thing can be taken for another, and no certificate (which
 * begins with 0x30) for either.
 */
export function signText(domain: string, text: string, key: KeyObject): string {
  return sign(digestFor(key), Buffer.from(`${domain}\n${text}`), key).toString('base64');
}

/** Whether {@link signText} made that signature by the private half of `key`. */
export function isSignedText(
  domain: string,
  { text, signature, key }: { readonly text: string; readonly signature: string; readonly key: KeyObject },
): boolean {
  return verify(digestFor(key), Buffer.from(`${domain}\n${text}`), key, Buffer.from(signature, 'base64'));
}

function digestFor(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}
