import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';
import { type Certificate, publicKeyOf, readSerialNumber } from '../certificate/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';
import { nameKey, readName } from '../name/index.ts';
import { cmsOids, writeSigner } from './cms-signed-data.ts';

/** RFC 5083 §2, RFC 5084 §3.2, RFC 5753 §7.1.4, RFC 3565 §4.1. */
const oids = {
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
  ecdhSha256: '1.3.132.1.11.1',
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(oids));

const keyBytes = 32;
const nonceBytes = 12;
const macBytes = 16;
/** RFC 3394 §2.2.3.1. */
const wrapStart = Buffer.alloc(8, 0xa6);
/** Where keys are on one of these, ECDH is made with them. */
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

/**
 * Seals bytes to the key of a certificate, so that its holder reads them and nobody changes them unnoticed: CMS AuthEnvelopedData with
 * AES-256-GCM, its key wrapped by ephemeral-static ECDH (RFC 5083, RFC 5753). Who sealed it does not stand in it.
 *
 * @throws HoldfastError `key_unsupported` for a key that is none of NIST's curves
 */
export function sealToCertificate(content: Bytes, certificate: Certificate): Bytes {
  const publicKey = publicKeyOf(certificate);
  const curve = curveOf(publicKey);
  const ephemeral = generateKeyPairSync('ec', { namedCurve: curve });
  const key = randomBytes(keyBytes);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: macBytes });
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  const wrapping = keyEncryptionKey(ephemeral.privateKey, publicKey);
  const wrapped = createCipheriv('id-aes256-wrap', wrapping, wrapStart).update(key);
  const spki = ephemeral.publicKey.export({ type: 'spki', format: 'der' });
  return writeDer((writer) =>
    writeEnveloped(writer, () => {
      writer.inside(tag.set, () => writeRecipient(writer, { spki, wrapped, certificate }));
      writer.inside(tag.sequence, () => {
        writer.oid(cmsOids.data);
        writeAlgorithm(writer, oids.aes256Gcm, () =>
          writer.inside(tag.sequence, () => {
            writer.content(tag.octetString, nonce);
            writer.smallInteger(macBytes);
          }),
        );
        writer.content(context(0), encrypted);
      });
      writer.content(tag.octetString, cipher.getAuthTag());
    }),
  );
}

/**
 * What was sealed to the key of a certificate.
 * @throws HoldfastError `sealed_invalid` for what is damaged, or sealed to another key
 */
export function unsealWithKey(
  sealed: Bytes,
  { certificate, privateKey }: { readonly certificate: Certificate; readonly privateKey: KeyObject },
): Bytes {
  const { spki, wrapped, recipient, nonce, encrypted, mac } = reading(
    'sealed_invalid',
    'what was sealed',
    () => readDer(sealed, readEnveloped),
  );
  if (recipient !== recipientKey(certificate)) throw notOpened('it is for another certificate');
  try {
    const peer = createPublicKey({ key: asBuffer(spki), type: 'spki', format: 'der' });
    const wrapping = keyEncryptionKey(privateKey, peer);
    const unwrap = createDecipheriv('id-aes256-wrap', wrapping, wrapStart);
    const key = Buffer.concat([unwrap.update(wrapped), unwrap.final()]);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: macBytes });
    decipher.setAuthTag(mac);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch (cause) {
    throw notOpened('the key does not open it', cause);
  }
}

function curveOf(key: KeyObject): string {
  const { namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && curves.includes(namedCurve)) return namedCurve;
  throw new HoldfastError(
    'key_unsupported',
    `nothing can be sealed to a key of the kind ${key.asymmetricKeyType}; expected one of P-256, P-384 or P-521`,
    { hint: 'let that machine join again with a key of its own: holdfast token create --reissue NAME' },
  );
}

/** ANSI X9.63 over the shared secret, one block of SHA-256 (RFC 5753 §3.2, §7.2). */
function keyEncryptionKey(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const secret = diffieHellman({ privateKey, publicKey });
  const counter = Buffer.of(0, 0, 0, 1);
  return hash('sha256', Buffer.concat([secret, counter, sharedInfo]), 'buffer');
}

/** ECC-CMS-SharedInfo: what the key is for, and its bits (RFC 5753 §7.2). */
const sharedInfo: Bytes = writeDer((writer) =>
  writer.inside(tag.sequence, () => {
    writeAlgorithm(writer, oids.aes256Wrap);
    writer.inside(contextConstructed(2), () => writer.content(tag.octetString, Buffer.of(0, 0, 1, 0)));
  }),
);

function writeAlgorithm(writer: DerWriter, oid: ObjectIdentifier, parameters?: () => void): void {
  writer.inside(tag.sequence, () => {
    writer.oid(oid);
    parameters?.();
  });
}

function writeEnveloped(writer: DerWriter, writeFields: () => void): void {
  writer.inside(tag.sequence, () => {
    writer.oid(oids.authEnvelopedData);
    writer.inside(contextConstructed(0), () =>
      writer.inside(tag.sequence, () => {
        writer.smallInteger(0);
        writeFields();
      }),
    );
  });
}

/** What a recipient is told (RFC 5652 §6.2.2). */
interface Recipient {
  /** Of the ephemeral key. */
  readonly spki: Bytes;
  readonly wrapped: Bytes;
  readonly certificate: Certificate;
}

/** An OriginatorPublicKey is a SubjectPublicKeyInfo with a tag of its own. */
function writeRecipient(writer: DerWriter, { spki, wrapped, certificate }: Recipient): void {
  writer.inside(contextConstructed(1), () => {
    writer.smallInteger(3);
    writer.inside(contextConstructed(0), () => writer.element(withTag(spki, contextConstructed(1))));
    writeAlgorithm(writer, oids.ecdhSha256, () => writeAlgorithm(writer, oids.aes256Wrap));
    writer.inside(tag.sequence, () =>
      writer.inside(tag.sequence, () => {
        writeSigner(writer, certificate);
        writer.content(tag.octetString, wrapped);
      }),
    );
  });
}

function withTag(der: Bytes, first: number): Bytes {
  const copy = Buffer.from(der);
  copy[0] = first;
  return copy;
}

/** What is written is read, and nothing else. */
interface Enveloped {
  readonly spki: Bytes;
  readonly wrapped: Bytes;
  /** Issuer and number of the certificate that it is for. */
  readonly recipient: string;
  readonly nonce: Bytes;
  readonly encrypted: Bytes;
  readonly mac: Bytes;
}

function readEnveloped(reader: DerReader): Enveloped {
  return reader.inside(tag.sequence, () => {
    expectOid(reader, oids.authEnvelopedData);
    return reader.inside(contextConstructed(0), () =>
      reader.inside(tag.sequence, () => {
        reader.smallInteger();
        const recipient = reader.inside(tag.set, () => readRecipient(reader));
        const content = readContent(reader);
        const mac = reader.content(tag.octetString);
        if (mac.length !== macBytes) throw reader.problem(`a code of ${mac.length} bytes`);
        return { ...recipient, ...content, mac };
      }),
    );
  });
}

function readRecipient(reader: DerReader): Pick<Enveloped, 'spki' | 'wrapped' | 'recipient'> {
  return reader.inside(contextConstructed(1), () => {
    reader.smallInteger();
    const originator = reader.inside(contextConstructed(0), () => reader.element(contextConstructed(1)));
    reader.inside(tag.sequence, () => {
      expectOid(reader, oids.ecdhSha256);
      reader.inside(tag.sequence, () => expectOid(reader, oids.aes256Wrap));
    });
    const entry = reader.inside(tag.sequence, () =>
      reader.inside(tag.sequence, () => ({
        recipient: reader.inside(tag.sequence, () =>
          keyOf(nameKey(readName(reader)), readSerialNumber(reader)),
        ),
        wrapped: reader.content(tag.octetString),
      })),
    );
    return { spki: withTag(originator, tag.sequence), ...entry };
  });
}

function readContent(reader: DerReader): Pick<Enveloped, 'nonce' | 'encrypted'> {
  return reader.inside(tag.sequence, () => {
    expectOid(reader, cmsOids.data);
    const nonce = reader.inside(tag.sequence, () => {
      expectOid(reader, oids.aes256Gcm);
      return reader.inside(tag.sequence, () => {
        const read = reader.content(tag.octetString);
        reader.smallInteger();
        return read;
      });
    });
    if (nonce.length !== nonceBytes) throw reader.problem(`a nonce of ${nonce.length} bytes`);
    return { nonce, encrypted: reader.content(context(0)) };
  });
}

function expectOid(reader: DerReader, wanted: ObjectIdentifier): void {
  const found = reader.oid();
  if (found !== wanted) throw reader.problem(`${found} in the place of ${wanted}`);
}

function recipientKey({ issuer, serial }: Certificate): string {
  return keyOf(nameKey(issuer), serial);
}

function keyOf(issuer: string, serial: string): string {
  return `${serial} ${issuer}`;
}

function notOpened(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('sealed_invalid', `what was sealed cannot be opened: ${why}`, { cause });
}
