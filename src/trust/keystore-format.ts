import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { asBuffer, type Bytes, concatBytes, equalBytes } from '../base/index.ts';
import { type PassphraseParameters, readParameters, writeParameters } from './keystore-passphrase.ts';

/*
 * A keystore file, version 1, opened by a stash, and version 2, opened by a passphrase:
 *
 *   20 bytes  "holdfast keystore 1\n" or "holdfast keystore 2\n"
 *   49 bytes  only in version 2: how the passphrase becomes a key (`keystore-passphrase.ts`)
 *   32 bytes  salt, fresh at every write
 *   n bytes   AES-256-GCM of the contents
 *   16 bytes  its tag; everything before the contents is authenticated with it
 *
 * Key and nonce are the first 32 and the next 12 bytes of HKDF-SHA256(secret, salt, first 20 bytes), where the secret is
 * the stash, or what scrypt makes of the passphrase. The salt makes both new at every write, so that a nonce never comes
 * twice under one key.
 */
const stashHeader = Buffer.from('holdfast keystore 1\n', 'latin1');
const passphraseHeader = Buffer.from('holdfast keystore 2\n', 'latin1');
const saltBytes = 32;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** The length of a stash: 32 random bytes, from which the key of a keystore is derived. */
export const stashBytes = 32;

/** What opens a keystore file and closes it again. */
export type KeystoreLock =
  | { readonly kind: 'stash'; readonly secret: Bytes }
  | {
      readonly kind: 'passphrase';
      /** What scrypt made of it. */
      readonly secret: Bytes;
      readonly parameters: PassphraseParameters;
    };

/** What a keystore file is opened by, as far as it says. */
export type KeystoreLockKind =
  | { readonly kind: 'stash' }
  | { readonly kind: 'passphrase'; readonly parameters: PassphraseParameters };

/** What keeps a keystore file from being read. */
export type KeystoreProblem = 'not a keystore' | 'of a version that this program does not know' | 'damaged';

/** A keystore file holding `contents`, encrypted under a key derived from the secret of `lock`. */
export function sealKeystore(contents: Bytes, lock: KeystoreLock): Bytes {
  const head = headOf(lock);
  const salt = randomBytes(saltBytes);
  const { key, nonce } = deriveKey(lock, salt);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(concatBytes(head, salt));
  const sealed = concatBytes(cipher.update(contents), cipher.final());
  return concatBytes(head, salt, sealed, cipher.getAuthTag());
}

/** The contents of a keystore file, or what is wrong with it. A wrong secret cannot be told from a damaged file. */
export function unsealKeystore(file: Bytes, lock: KeystoreLock): Bytes | KeystoreProblem {
  const found = lockKindOf(file);
  if (typeof found === 'string') return found;
  const head = headOf(lock);
  const start = head.length + saltBytes;
  if (file.length < start + tagBytes || !equalBytes(file.subarray(0, head.length), head)) return 'damaged';
  const salt = file.subarray(head.length, start);
  const { key, nonce } = deriveKey(lock, salt);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(concatBytes(head, salt));
  decipher.setAuthTag(file.subarray(-tagBytes));
  try {
    return concatBytes(decipher.update(file.subarray(start, -tagBytes)), decipher.final());
  } catch {
    return 'damaged';
  }
}

/** What opens a keystore file, by its beginning, or what is wrong with that. */
export function lockKindOf(file: Bytes): KeystoreLockKind | KeystoreProblem {
  const found = file.subarray(0, stashHeader.length);
  if (equalBytes(found, stashHeader)) return { kind: 'stash' };
  if (equalBytes(found, passphraseHeader)) {
    const parameters = readParameters(file.subarray(passphraseHeader.length));
    return parameters === undefined ? 'damaged' : { kind: 'passphrase', parameters };
  }
  const isNewer = /^holdfast keystore \d+\n/.test(asBuffer(file.subarray(0, 64)).toString('latin1'));
  return isNewer ? 'of a version that this program does not know' : 'not a keystore';
}

function headOf(lock: KeystoreLock): Bytes {
  return lock.kind === 'stash'
    ? stashHeader
    : concatBytes(passphraseHeader, writeParameters(lock.parameters));
}

function deriveKey({ kind, secret }: KeystoreLock, salt: Bytes): { key: Bytes; nonce: Bytes } {
  const header = kind === 'stash' ? stashHeader : passphraseHeader;
  const derived = new Uint8Array(hkdfSync('sha256', secret, salt, header, keyBytes + nonceBytes));
  return { key: derived.subarray(0, keyBytes), nonce: derived.subarray(keyBytes) };
}
