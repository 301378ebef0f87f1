import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { asBuffer, type Bytes, concatBytes, equalBytes } from '../base/index.ts';

/*
 * A keystore file, version 1:
 *
 *   20 bytes  "holdfast keystore 1\n"
 *   32 bytes  salt, fresh at every write
 *   n bytes   AES-256-GCM of the contents
 *   16 bytes  its tag; header and salt are authenticated with it
 *
 * Key and nonce are the first 32 and the next 12 bytes of HKDF-SHA256(stash, salt, header). The salt makes both new at
 * every write, so that a nonce never comes twice under one key.
 */
const header = Buffer.from('holdfast keystore 1\n', 'latin1');
const saltBytes = 32;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

/** The length of a stash: 32 random bytes, from which the key of a keystore is derived. */
export const stashBytes = 32;

/** What keeps a keystore file from being read. */
export type KeystoreProblem = 'not a keystore' | 'of a version that this program does not know' | 'damaged';

/** A keystore file holding `contents`, encrypted under a key derived from `stash`. */
export function sealKeystore(contents: Bytes, stash: Bytes): Bytes {
  const salt = randomBytes(saltBytes);
  const { key, nonce } = deriveKey(stash, salt);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(concatBytes(header, salt));
  const sealed = concatBytes(cipher.update(contents), cipher.final());
  return concatBytes(header, salt, sealed, cipher.getAuthTag());
}

/** The contents of a keystore file, or what is wrong with it. A wrong stash cannot be told from a damaged file. */
export function unsealKeystore(file: Bytes, stash: Bytes): Bytes | KeystoreProblem {
  const problem = checkHeader(file);
  if (problem !== undefined) return problem;
  if (file.length < header.length + saltBytes + tagBytes) return 'damaged';
  const salt = file.subarray(header.length, header.length + saltBytes);
  const { key, nonce } = deriveKey(stash, salt);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(concatBytes(header, salt));
  decipher.setAuthTag(file.subarray(-tagBytes));
  try {
    return concatBytes(
      decipher.update(file.subarray(header.length + saltBytes, -tagBytes)),
      decipher.final(),
    );
  } catch {
    return 'damaged';
  }
}

function checkHeader(file: Bytes): KeystoreProblem | undefined {
  const found = file.subarray(0, header.length);
  if (equalBytes(found, header)) return undefined;
  const isNewer = /^holdfast keystore \d+\n/.test(asBuffer(file.subarray(0, 64)).toString('latin1'));
  return isNewer ? 'of a version that this program does not know' : 'not a keystore';
}

function deriveKey(stash: Bytes, salt: Bytes): { key: Bytes; nonce: Bytes } {
  const derived = new Uint8Array(hkdfSync('sha256', stash, salt, header, keyBytes + nonceBytes));
  return { key: derived.subarray(0, keyBytes), nonce: derived.subarray(keyBytes) };
}
