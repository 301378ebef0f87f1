import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, Secret } from '../base/index.ts';

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
