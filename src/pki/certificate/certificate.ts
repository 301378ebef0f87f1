import { type Bytes, equalBytes } from '../../base/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  readDer,
  reading,
  readTime,
  tag,
} from '../der/index.ts';
import {
  type Fingerprint,
  fingerprint,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../key/index.ts';
import { type Identity, type Name, parseIdentityUri, readName } from '../name/index.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { readSerialNumber, type SerialNumber } from './serial-number.ts';

/** A certificate as read (RFC 5280 §4.1). Its byte fields are views of `der`. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Bytes;
  /** The part that is signed. */
  readonly tbs: Bytes;
  readonly version: 1 | 2 | 3;
  readonly serial: SerialNumber;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  /** The last moment of validity, itself included. */
  readonly notAfter: Date;
  /** The SubjectPublicKeyInfo; see `publicKeyOf` and `describePublicKey`. */
  readonly spki: Bytes;
  readonly extensions: Extensions;
  readonly signature: Bytes;
  /** SHA-256 of `der`. */
  readonly fingerprint: Fingerprint;
  /** Who the certificate speaks for: its one URI name, when that is an identity (X.509-SVID §2). */
  readonly identity?: Identity;
}

/**
 * Reads a certificate of version 1, 2 or 3. Extensions known here are read, all others kept raw; one that is there
 * twice is malformed. Nothing is verified: neither signature nor dates nor that the key is usable.
 * @throws HoldfastError `certificate_malformed`
 */
export function parseCertificate(der: Bytes): Certificate {
  return reading('certificate_malformed', 'certificate', () => readCertificateDer(der));
}

/** Reads a certificate that is part of something else. @throws HoldfastError `der_malformed` */
export function readCertificateDer(der: Bytes): Certificate {
  return readDer(der, (reader) => readCertificate(reader, der));
}

function readCertificate(reader: DerReader, der: Bytes): Certificate {
  return reader.inside(tag.sequence, () => {
    const start = reader.position;
    const { innerAlgorithm, ...fields } = readTbs(reader);
    const tbs = reader.since(start);
    const algorithmStart = reader.position;
    const signatureAlgorithm = readSignatureAlgorithm(reader);
    // The one that is signed must be the one that is used (RFC 5280 §4.1.1.2).
    if (!equalBytes(reader.since(algorithmStart), innerAlgorithm))
      throw reader.problem('two different signature algorithms');
    const signature = reader.bitStringBytes();
    return { der, tbs, ...fields, signatureAlgorithm, signature, fingerprint: fingerprint(der) };
  });
}

/** The part of a certificate that is signed, as read. */
export type TbsCertificate = ReturnType<typeof readTbs>;

/** Reads a TBSCertificate (RFC 5280 §4.1). @throws HoldfastError `der_malformed` */
export function readTbs(reader: DerReader) {
  return reader.inside(tag.sequence, () => {
    const version = readVersion(reader);
    const serial = readSerialNumber(reader);
    const innerAlgorithm = reader.element();
    const issuer = readName(reader);
    const validity = reader.inside(tag.sequence, () => ({
      notBefore: readTime(reader),
      notAfter: readTime(reader),
    }));
    const subject = readName(reader);
    const spki = reader.element(tag.sequence);
    const extensions = readTail(reader, version);
    return {
      version,
      serial,
      innerAlgorithm,
      issuer,
      ...validity,
      subject,
      spki,
      extensions,
      ...identityIn(extensions),
    };
  });
}

function readVersion(reader: DerReader): Certificate['version'] {
  if (!reader.is(contextConstructed(0))) return 1;
  const number = reader.inside(contextConstructed(0), () => reader.smallInteger());
  // 0, the default, would be left out in DER.
  if (number !== 1 && number !== 2) throw reader.problem(`version ${number} is not known`);
  return number === 1 ? 2 : 3;
}

/** The unique identifiers, which nobody uses, and the extensions. */
function readTail(reader: DerReader, version: Certificate['version']): Extensions {
  if (version > 1 && reader.is(context(1))) reader.bitString(context(1));
  if (version > 1 && reader.is(context(2))) reader.bitString(context(2));
  if (version < 3 || reader.done) return noExtensions;
  return reader.inside(contextConstructed(3), () => readExtensions(reader));
}

function identityIn({ subjectAltNames }: Extensions): { identity?: Identity } {
  const [uri, ...others] = subjectAltNames.filter((name) => name.kind === 'uri');
  const identity = uri === undefined || others.length > 0 ? undefined : parseIdentityUri(uri.value);
  return { identity };
}

/** Whether a certificate ends when its issuer's does: then that is why it ends, and not because of its profile. */
export function endsWithIssuer(
  leaf: Pick<Certificate, 'notAfter'>,
  issuer: Pick<Certificate, 'notAfter'>,
): boolean {
  return leaf.notAfter.getTime() === issuer.notAfter.getTime();
}
