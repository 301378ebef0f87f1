import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, concatBytes, equalBytes, Secret } from '../base/index.ts';
import { type PassphraseParameters, readParameters, writeParameters } from './passphrase.ts';

/*
 * A keystore file, version 1, opened by a stash, and version 2, opened by a passphrase:
 *
 *   20 bytes  "holdfast keystore 1\n" or "holdfast keystore 2\n"
 *   49 bytes  only in version 2: how the passphrase becomes a key (`passphrase.ts`)
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
type KeystoreLockKind =
  | { readonly kind: 'stash' }
  | { readonly kind: 'passphrase'; readonly parameters: PassphraseParameters };

/** What keeps a keystore file from being read. */
type KeystoreProblem = 'not a keystore' | 'of a version that this program does not know' | 'damaged';

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

/** What a keystore holds under one label; a key and the chain that belongs to it stand together, to change together. */
export interface KeystoreEntry {
  /** A private key: PKCS#8 DER. */
  readonly key?: Secret<Bytes>;
  /** Any other secret. */
  readonly secret?: Secret<Bytes>;
  /** A chain as it is sent: DER, the leaf first. */
  readonly certificates?: readonly Bytes[];
}

const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const StoredEntry = Type.Object(
  {
    key: Type.Optional(Base64),
    secret: Type.Optional(Base64),
    certificates: Type.Optional(Type.Array(Base64)),
  },
  { additionalProperties: false },
);
type StoredEntry = Static<typeof StoredEntry>;
const StoredEntries = Type.Array(Type.Tuple([Type.String(), StoredEntry]));

/** The plain contents of a keystore file: JSON, `[label, entry]` pairs with the bytes in base64. */
export function encodeEntries(entries: ReadonlyMap<string, KeystoreEntry>): Bytes {
  return Buffer.from(JSON.stringify([...entries].map(([label, entry]) => [label, encodeEntry(entry)])));
}

/** The entries that {@link encodeEntries} wrote; undefined for anything else. */
export function decodeEntries(bytes: Bytes): Map<string, KeystoreEntry> | undefined {
  const stored = parseJson(asBuffer(bytes).toString());
  if (!Check(StoredEntries, stored)) return undefined;
  return new Map(stored.map(([label, entry]) => [label, decodeEntry(entry)]));
}

function encodeEntry({ key, secret, certificates }: KeystoreEntry): StoredEntry {
  return {
    ...(key !== undefined && { key: toBase64(key.reveal()) }),
    ...(secret !== undefined && { secret: toBase64(secret.reveal()) }),
    ...(certificates !== undefined && { certificates: certificates.map(toBase64) }),
  };
}

function decodeEntry({ key, secret, certificates }: StoredEntry): KeystoreEntry {
  return {
    ...(key !== undefined && { key: new Secret(fromBase64(key)) }),
    ...(secret !== undefined && { secret: new Secret(fromBase64(secret)) }),
    ...(certificates !== undefined && { certificates: certificates.map(fromBase64) }),
  };
}

function toBase64(bytes: Bytes): string {
  return asBuffer(bytes).toString('base64');
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
