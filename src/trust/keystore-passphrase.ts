import { hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { type Bytes, concatBytes, equalSecrets, type Secret } from '../base/index.ts';

/*
 * How a passphrase becomes the secret of a keystore (RFC 7914), as it stands in the file:
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
  const N = 2 ** logN;
  const options = { N, r: blockSize, p: 1, maxmem: 256 * N * blockSize };
  return await derive(passphrase.reveal().normalize('NFKC'), salt, secretBytes, options);
}

function checkOf(secret: Bytes, salt: Bytes): Bytes {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'holdfast keystore check', checkBytes));
}
