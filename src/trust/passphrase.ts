import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Identity, Recipient, Stanza } from 'age-encryption';
import { type Bytes, concatBytes, equalSecrets, type Secret } from '../base/index.ts';

/*
 * How a passphrase becomes the secret of a keystore or opens an age file: by scrypt (RFC 7914), and never in the thread that
 * asks, which may serve others. What stands in the file of a keystore:
 *
 *    1 byte   log2 of N; r is 8 and p is 1
 *   32 bytes  salt, as old as the passphrase
 *   16 bytes  HKDF-SHA256(secret, salt, "holdfast keystore check"), to tell a wrong passphrase from a damaged file
 */

/** What stands in a keystore file about its passphrase. */
export interface PassphraseParameters {
  readonly logN: number;
  readonly salt: Bytes;
  readonly check: Bytes;
}

/** N: 128 MiB of memory and some tenths of a second. */
const newLogN = 17;
/** No file makes this program take more than a gigabyte. */
const maxLogN = 20;
const minLogN = 10;
const blockSize = 8;
const saltBytes = 32;
const checkBytes = 16;
const secretBytes = 32;
const derive = promisify<string, Bytes, number, object, Buffer>(scrypt);

/** Makes a secret of a new passphrase. */
export async function choosePassphrase(
  passphrase: Secret<string>,
): Promise<{ readonly secret: Bytes; readonly parameters: PassphraseParameters }> {
  const salt = randomBytes(saltBytes);
  const secret = await secretOf(passphrase, { logN: newLogN, salt });
  return { secret, parameters: { logN: newLogN, salt, check: checkOf(secret, salt) } };
}

/** The secret of a keystore, or undefined when the passphrase is another one. */
export async function openPassphrase(
  passphrase: Secret<string>,
  parameters: PassphraseParameters,
): Promise<Bytes | undefined> {
  const secret = await secretOf(passphrase, parameters);
  return equalSecrets(checkOf(secret, parameters.salt), parameters.check) ? secret : undefined;
}

export function writeParameters({ logN, salt, check }: PassphraseParameters): Bytes {
  return concatBytes(Uint8Array.of(logN), salt, check);
}

/** What {@link writeParameters} wrote at the beginning of `bytes`; undefined for anything else. */
export function readParameters(bytes: Bytes): PassphraseParameters | undefined {
  const [logN = 0] = bytes;
  if (bytes.length < 1 + saltBytes + checkBytes || logN < minLogN || logN > maxLogN) return undefined;
  const salt = bytes.subarray(1, 1 + saltBytes);
  return { logN, salt, check: bytes.subarray(1 + saltBytes, 1 + saltBytes + checkBytes) };
}

async function secretOf(
  passphrase: Secret<string>,
  { logN, salt }: Pick<PassphraseParameters, 'logN' | 'salt'>,
): Promise<Bytes> {
  return await stretch(passphrase.reveal().normalize('NFKC'), salt, logN);
}

/** scrypt, in a thread of Node's pool. */
async function stretch(passphrase: string, salt: Bytes, logN: number): Promise<Bytes> {
  const N = 2 ** logN;
  const options = { N, r: blockSize, p: 1, maxmem: 256 * N * blockSize };
  return await derive(passphrase, salt, secretBytes, options);
}

function checkOf(secret: Bytes, salt: Bytes): Bytes {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'holdfast keystore check', checkBytes));
}

/** N of age files: 256 MiB of memory and about a second, as the `age` program chooses it. */
const ageLogN = 18;
const ageSaltBytes = 16;
const ageLabel = Buffer.from('age-encryption.org/v1/scrypt');
const wrapCipher = 'chacha20-poly1305';
const wrapTagBytes = 16;
const wrappedBytes = 32;

/**
 * A recipient that seals an age file under a passphrase (age-encryption.org/v1, "the scrypt recipient type"), as
 * `Encrypter.setPassphrase` does, which keeps the thread from all other work for as long as scrypt takes.
 */
export function passphraseRecipient(passphrase: Secret<string>): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const { Stanza } = await import('age-encryption');
      const salt = randomBytes(ageSaltBytes);
      const key = await stretch(passphrase.reveal(), concatBytes(ageLabel, salt), ageLogN);
      const cipher = createCipheriv(wrapCipher, key, wrapNonce, { authTagLength: wrapTagBytes });
      const sealed = concatBytes(cipher.update(fileKey), cipher.final(), cipher.getAuthTag());
      return [new Stanza(['scrypt', unpadded(salt), String(ageLogN)], sealed)];
    },
  };
}

/** An identity that opens what {@link passphraseRecipient} sealed; it throws where a stanza is none, or asks for more than a gigabyte. */
export function passphraseIdentity(passphrase: Secret<string>): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === 'scrypt');
      if (stanza === undefined) return null;
      if (stanzas.length > 1)
        throw new Error('a passphrase opens it, and others beside it, which age forbids');
      const { salt, logN } = readScryptStanza(stanza);
      return unwrap(stanza.body, await stretch(passphrase.reveal(), concatBytes(ageLabel, salt), logN));
    },
  };
}

/** base64 as it stands in stanzas: without what fills up its end. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function readScryptStanza({ args: [, salt = '', work = '', ...more], body }: Stanza): {
  readonly salt: Bytes;
  readonly logN: number;
} {
  const isWhole = /^[A-Za-z0-9+/]{22}$/.test(salt) && /^[1-9][0-9]?$/.test(work) && more.length === 0;
  if (!isWhole || body.length !== wrappedBytes)
    throw new Error('what it says of its passphrase is not as age writes it');
  const logN = Number(work);
  if (logN > maxLogN)
    throw new Error(`its passphrase takes 2^${logN} rounds of scrypt, at most 2^${maxLogN} are done`);
  return { salt: Buffer.from(salt, 'base64'), logN };
}

/** A key is used for one file key alone. */
const wrapNonce = new Uint8Array(12);

/** Null when the passphrase is another one. */
function unwrap(body: Bytes, key: Bytes): Bytes | null {
  const decipher = createDecipheriv(wrapCipher, key, wrapNonce, { authTagLength: wrapTagBytes });
  decipher.setAuthTag(body.subarray(-wrapTagBytes));
  const fileKey = decipher.update(body.subarray(0, -wrapTagBytes));
  try {
    return concatBytes(fileKey, decipher.final());
  } catch {
    return null;
  }
}
