import type { KeyObject } from 'node:crypto';
import {
  asBuffer,
  type Bytes,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  Secret,
} from '../../base/index.ts';
import {
  type Certificate,
  certificatePem,
  exportPrivateKey,
  exportPublicKey,
  importPrivateKey,
  parseCertificate,
  parsePem,
  privateKeyPem,
} from '../../pki/index.ts';

/** A root's key and the certificate that it belongs to. */
export interface RootKey {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const armorBegin = '-----BEGIN AGE ENCRYPTED FILE-----';

/**
 * The text of a file with a root's key: an age file (age-encryption.org) under a passphrase, in armor so that it can be
 * printed; inside, certificate and key in PEM, so that any program that speaks age brings them back.
 */
export async function sealRootKey(
  { certificate, key }: RootKey,
  passphrase: Secret<string>,
): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.reveal());
  const plain = certificatePem(certificate.der) + privateKeyPem(exportPrivateKey(key));
  return armor.encode(await encrypter.encrypt(plain));
}

/**
 * What {@link sealRootKey} put into a file.
 * @throws HoldfastError `password_wrong`, `backup_damaged`, `backup_foreign` when it is no such file
 */
export async function openSealedRoot(sealed: Bytes, passphrase: Secret<string>): Promise<RootKey> {
  const text = asBuffer(sealed).toString('latin1').trim();
  if (!text.startsWith(armorBegin)) throw foreign('it is not encrypted as one');
  return readRootKey(await decrypt(text, passphrase));
}

async function decrypt(text: string, passphrase: Secret<string>): Promise<Secret<string>> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase.reveal());
  try {
    return new Secret(await decrypter.decrypt(armor.decode(text), 'text'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!error.message.includes('no identity matched')) throw damaged(error.message, error);
    throw new HoldfastError(
      'password_wrong',
      'the password does not open the file with the key of the root',
      {
        hint: 'nothing was changed; use the one that the file was made with',
        cause: error,
      },
    );
  }
}

function readRootKey(plain: Secret<string>): RootKey {
  try {
    const blocks = parsePem(plain.reveal());
    const bytesOf = (label: string): Bytes | undefined => blocks.find((block) => block.label === label)?.der;
    const [der, pkcs8] = [bytesOf('CERTIFICATE'), bytesOf('PRIVATE KEY')];
    if (der === undefined || pkcs8 === undefined) throw foreign('it holds no certificate with its key');
    const [certificate, key] = [parseCertificate(der), importPrivateKey(pkcs8)];
    if (equalBytes(exportPublicKey(key), certificate.spki)) return { certificate, key };
    throw damaged('key and certificate do not belong together');
  } catch (error) {
    if (isHoldfastError(error, 'pem_malformed', 'certificate_malformed', 'der_malformed', 'key_malformed'))
      throw damaged(error.message, error);
    throw error;
  }
}

/** That a file is none with the key of this authority's root. */
export function foreign(problem: string): HoldfastError {
  return new HoldfastError('backup_foreign', `no file with the key of this root: ${problem}`, {
    hint: 'nothing was changed; name what holdfast ca offline FILE wrote',
  });
}

/** That bytes of such a file are missing or changed. */
function damaged(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('backup_damaged', `the file with the key of the root is damaged: ${problem}`, {
    hint: 'nothing was changed; use another copy of it',
    cause,
  });
}
