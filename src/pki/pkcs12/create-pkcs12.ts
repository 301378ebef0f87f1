import { randomBytes } from 'node:crypto';
import type { Bytes, Secret } from '../../base/index.ts';
import { parseCertificate } from '../certificate/index.ts';
import { cmsOids } from '../cms/index.ts';
import { context, contextConstructed, type DerWriter, tag, writeDer } from '../der/index.ts';
import { exportPrivateKey, exportPublicKey, keyIdentifier } from '../key/index.ts';
import { type Pkcs12Password, pkcs12Password } from './key-derivation.ts';
import {
  encryptWithPassword,
  type PasswordEncryption,
  passwordEncryptions,
  writePasswordEncryption,
} from './password-encryption.ts';
import { certificateBag, type Pkcs12Contents, shroudedKeyBag } from './pkcs12-bags.ts';
import { type Pkcs12Mac, pkcs12MacOf, writeMac } from './pkcs12-mac.ts';

export interface Pkcs12Options {
  readonly password: Secret<string>;
  /** For readers from before 2018: Triple DES and SHA-1, which protect no better than the password is long. */
  readonly legacy?: boolean;
}

/**
 * What OWASP asks of PBKDF2 with HMAC-SHA256 (2023), for keys and for the MAC too, which is where passwords are guessed:
 * a fifth of a second a guess. Java refuses five million.
 */
const iterations = 600_000;
/** Old readers are on old machines. */
const legacyIterations = 50_000;

/**
 * Keys and certificates as one PKCS#12 file, `.p12` or `.pfx` (RFC 7292): each key with PBES2 under AES-256, the
 * certificates too, and a MAC with SHA-256. Names and matching localKeyIds let other programs put them together.
 * @throws HoldfastError `certificate_malformed`
 */
export async function createPkcs12(contents: Pkcs12Contents, options: Pkcs12Options): Promise<Bytes> {
  const { legacy = false } = options;
  const password = pkcs12Password(options.password);
  const encryption = passwordEncryptions(legacy ? legacyIterations : iterations, legacy);
  const certificates = await encryptedContent(certificateBags(contents), encryption(), password);
  const keys: Bytes[] = [];
  for (const one of contents.keys) keys.push(await keyBag(one, encryption(), password));
  const safe = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.element(certificates);
      writeData(writer, safeContents(keys));
    }),
  );
  const mac: Pkcs12Mac = legacy
    ? { kind: 'pkcs12', hash: 'sha1', salt: randomBytes(16), iterations: legacyIterations }
    : { kind: 'pkcs12', hash: 'sha256', salt: randomBytes(16), iterations };
  const digest = await pkcs12MacOf(mac, password, safe);
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.smallInteger(3);
      writeData(writer, safe);
      writeMac(writer, mac, digest);
    }),
  );
}

function certificateBags({ keys, certificates }: Pkcs12Contents): Bytes[] {
  const ids = keys.map(({ key }) => keyIdentifier(exportPublicKey(key)));
  return certificates.map(({ name, der }) => {
    const own = keyIdentifier(parseCertificate(der).spki);
    const hasKey = ids.some((id) => Buffer.compare(id, own) === 0);
    return certificateBag(der, { name, localKeyId: hasKey ? own : undefined });
  });
}

async function keyBag(
  { name, key }: Pkcs12Contents['keys'][number],
  encryption: PasswordEncryption,
  password: Pkcs12Password,
): Promise<Bytes> {
  const encrypted = await encryptWithPassword(encryption, password, exportPrivateKey(key));
  const pkcs8 = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writePasswordEncryption(writer, encryption);
      writer.content(tag.octetString, encrypted);
    }),
  );
  return shroudedKeyBag(pkcs8, { name, localKeyId: keyIdentifier(exportPublicKey(key)) });
}

/** An EncryptedData (RFC 5652 §8) of bags. */
async function encryptedContent(
  bags: readonly Bytes[],
  encryption: PasswordEncryption,
  password: Pkcs12Password,
): Promise<Bytes> {
  const encrypted = await encryptWithPassword(encryption, password, safeContents(bags));
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.oid(cmsOids.encryptedData);
      writer.inside(contextConstructed(0), () =>
        writer.inside(tag.sequence, () => {
          writer.smallInteger(0);
          writer.inside(tag.sequence, () => {
            writer.oid(cmsOids.data);
            writePasswordEncryption(writer, encryption);
            writer.content(context(0), encrypted);
          });
        }),
      );
    }),
  );
}

function safeContents(bags: readonly Bytes[]): Bytes {
  return writeDer((writer) => writer.content(tag.sequence, Buffer.concat(bags)));
}

function writeData(writer: DerWriter, data: Bytes): void {
  writer.inside(tag.sequence, () => {
    writer.oid(cmsOids.data);
    writer.inside(contextConstructed(0), () => writer.content(tag.octetString, data));
  });
}
