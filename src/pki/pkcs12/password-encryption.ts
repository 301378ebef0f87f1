import { createCipheriv, randomBytes } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  type DerReader,
  type DerWriter,
  describeOid,
  type ObjectIdentifier,
  registerOids,
  tag,
} from '../der/index.ts';
import {
  derivePbkdf2,
  type IterationBudget,
  type Pbkdf2,
  type Pkcs12Password,
  pbkdf2Cost,
  readPbkdf2,
  writePbkdf2,
} from './key-derivation.ts';
import {
  decipher,
  decryptPkcs12Scheme,
  derivePkcs12Key,
  type KeyAndIv,
  type Pkcs12Scheme,
  pkcs12SchemeBlocks,
  pkcs12SchemeOf,
  pkcs12SchemeOid,
} from './pkcs12-scheme.ts';

type Cipher = 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | 'des-ede3-cbc';

/** How something is encrypted with a password: PBES2 (RFC 8018 §6.2), or PKCS#12's own way (RFC 7292 Appendix C). */
export type PasswordEncryption =
  | (Pbkdf2 & { readonly kind: 'pbes2'; readonly cipher: Cipher; readonly iv: Bytes })
  | {
      readonly kind: 'pkcs12';
      readonly scheme: Pkcs12Scheme;
      readonly salt: Bytes;
      readonly iterations: number;
    };

const pbes2Oid: ObjectIdentifier = '1.2.840.113549.1.5.13';

const ciphers = new Map<ObjectIdentifier, Cipher>([
  ['2.16.840.1.101.3.4.1.2', 'aes-128-cbc'],
  ['2.16.840.1.101.3.4.1.22', 'aes-192-cbc'],
  ['2.16.840.1.101.3.4.1.42', 'aes-256-cbc'],
  ['1.2.840.113549.3.7', 'des-ede3-cbc'],
]);

registerOids([pbes2Oid, ...ciphers.keys()]);

const aes256: ObjectIdentifier = '2.16.840.1.101.3.4.1.42';
const keyBytes: Readonly<Record<Cipher, number>> = {
  'aes-128-cbc': 16,
  'aes-192-cbc': 24,
  'aes-256-cbc': 32,
  'des-ede3-cbc': 24,
};

/** Reads the AlgorithmIdentifier. @throws HoldfastError `pkcs12_malformed` for what is encrypted in another way */
export function readPasswordEncryption(reader: DerReader): PasswordEncryption {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid === pbes2Oid) return readPbes2(reader);
    const scheme = pkcs12SchemeOf(oid);
    if (scheme === undefined) throw unsupported('algorithm', oid);
    return { kind: 'pkcs12', scheme, ...readSaltAndIterations(reader) };
  });
}

/**
 * What makes encryptions for the parts of one file: with AES-256 in CBC mode under PBKDF2 with HMAC-SHA256, which all have one salt and
 * so one key, each an initialisation vector of its own; or that of old, where both come from the salt, and each has its own.
 */
export function passwordEncryptions(iterations: number, legacy: boolean): () => PasswordEncryption {
  const salt = randomBytes(16);
  return () =>
    legacy
      ? { kind: 'pkcs12', scheme: 'Triple DES', salt: randomBytes(16), iterations }
      : { kind: 'pbes2', salt, iterations, hash: 'sha256', cipher: 'aes-256-cbc', iv: randomBytes(16) };
}

/** Writes the AlgorithmIdentifier of a fresh encryption. */
export function writePasswordEncryption(writer: DerWriter, encryption: PasswordEncryption): void {
  writer.inside(tag.sequence, () => {
    if (encryption.kind === 'pkcs12') {
      writer.oid(pkcs12SchemeOid(encryption.scheme));
      return writer.inside(tag.sequence, () => writeSaltAndIterations(writer, encryption));
    }
    writer.oid(pbes2Oid);
    writer.inside(tag.sequence, () => {
      writePbkdf2(writer, encryption);
      writer.inside(tag.sequence, () => {
        writer.oid(aes256);
        writer.content(tag.octetString, encryption.iv);
      });
    });
  });
}

/** Encrypts with what {@link passwordEncryptions} made. */
export async function encryptWithPassword(
  encryption: PasswordEncryption,
  password: Pkcs12Password,
  data: Bytes,
): Promise<Bytes> {
  const { key, iv } = await keyOf(encryption, password);
  const cipher = createCipheriv(encryption.kind === 'pbes2' ? encryption.cipher : 'des-ede3-cbc', key, iv);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** @throws HoldfastError `password_wrong` when it does not come out; `pkcs12_malformed` when it costs too much */
export async function decryptWithPassword(
  encryption: PasswordEncryption,
  password: Pkcs12Password,
  data: Bytes,
  budget: IterationBudget,
): Promise<Bytes> {
  budget.spend(costOf(encryption));
  const keyAndIv = await keyOf(encryption, password);
  const decrypted =
    encryption.kind === 'pbes2'
      ? decipher(encryption.cipher, keyAndIv, data)
      : decryptPkcs12Scheme(encryption.scheme, keyAndIv, data);
  if (decrypted !== undefined) return decrypted;
  throw new HoldfastError('password_wrong', 'the password does not open what is encrypted in the file');
}

async function keyOf(encryption: PasswordEncryption, password: Pkcs12Password): Promise<KeyAndIv> {
  if (encryption.kind === 'pkcs12') {
    const { scheme, salt, iterations } = encryption;
    return await derivePkcs12Key(scheme, { password: password.bytes.reveal(), salt, iterations });
  }
  const { cipher, iv } = encryption;
  return { key: await derivePbkdf2(password, encryption, keyBytes[cipher]), iv };
}

function costOf(encryption: PasswordEncryption): number {
  if (encryption.kind === 'pbes2') return pbkdf2Cost(encryption, keyBytes[encryption.cipher]);
  return encryption.iterations * pkcs12SchemeBlocks(encryption.scheme);
}

/** The key length in PBKDF2's parameters says what the cipher says already. */
function readPbes2(reader: DerReader): PasswordEncryption {
  return reader.inside(tag.sequence, () => {
    const { salt, iterations, hash } = readPbkdf2(reader, unsupported);
    const scheme = reader.inside(tag.sequence, () => {
      const oid = reader.oid();
      const cipher = ciphers.get(oid);
      if (cipher === undefined) throw unsupported('cipher', oid);
      return { cipher, iv: reader.content(tag.octetString) };
    });
    return { kind: 'pbes2', salt, iterations, hash, ...scheme };
  });
}

function readSaltAndIterations(reader: DerReader): { salt: Bytes; iterations: number } {
  return reader.inside(tag.sequence, () => ({
    salt: reader.content(tag.octetString),
    iterations: reader.smallInteger(),
  }));
}

function writeSaltAndIterations(
  writer: DerWriter,
  { salt, iterations }: { salt: Bytes; iterations: number },
): void {
  writer.content(tag.octetString, salt);
  writer.smallInteger(iterations);
}

function unsupported(kind: string, oid: ObjectIdentifier): HoldfastError {
  return new HoldfastError(
    'pkcs12_malformed',
    `pkcs#12 file is encrypted with ${kind} ${describeOid(oid)}; expected PBES2 with AES or Triple DES, or a scheme of PKCS#12`,
    { hint: `write it again: ${rewritingPkcs12}` },
  );
}

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

/** How a person turns a file that is not read here into one that is, with all of its keys: openssl keeps one of them. */
export const rewritingPkcs12 =
  'keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype pkcs12';
