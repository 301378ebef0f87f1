import { type Bytes, equalBytes } from '../../base/index.ts';
import {
  type Certificate,
  readSerialNumber,
  type SerialNumber,
  writeSerialNumber,
} from '../certificate/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  type DerWriter,
  derFromBer,
  describeOid,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';
import {
  type HashName,
  hashName,
  hashOids,
  readHash,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../key/index.ts';
import { type Name, nameKey, readName, writeName } from '../name/index.ts';

/** Types of content (RFC 5652 §4, §5.1, §8). */
export const cmsOids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  encryptedData: '1.2.840.113549.1.7.6',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(cmsOids));

/** More than any chain or request has. */
const maxCertificates = 64;

/** A SignedData as read (RFC 5652 §5.1), its signers not looked into. */
export interface SignedData {
  readonly contentType: ObjectIdentifier;
  /** The octets that are signed; undefined when they are elsewhere, or when there are none. */
  readonly content: Bytes | undefined;
  /** The X.509 certificates in it, in their order. */
  readonly certificates: readonly Bytes[];
  /** Each SignerInfo, whole. */
  readonly signers: readonly Bytes[];
}

/** Reads a ContentInfo that holds a SignedData. */
export function readSignedData(reader: DerReader): SignedData {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid !== cmsOids.signedData)
      throw reader.problem(`content is of type ${describeOid(oid)} and not signed`);
    return reader.inside(contextConstructed(0), () => reader.inside(tag.sequence, () => readFields(reader)));
  });
}

/** Writes what a SignedData begins with, up to and without its certificates (RFC 5652 §5.1). */
export function writeSignedData(writer: DerWriter, writeFields: () => void): void {
  writer.inside(tag.sequence, () => {
    writer.oid(cmsOids.signedData);
    writer.inside(contextConstructed(0), () => writer.inside(tag.sequence, writeFields));
  });
}

/**
 * The certificates of a SignedData, in the order given: leaf first is what people expect to see, and only what is signed
 * has to be in the order of DER (RFC 5652 §5.1).
 */
export function writeCertificates(writer: DerWriter, ders: readonly Bytes[]): void {
  writer.inside(contextConstructed(0), () => {
    for (const der of ders) writer.element(der);
  });
}

function readFields(reader: DerReader): SignedData {
  reader.smallInteger();
  reader.element(tag.set);
  const content = readContent(reader);
  const certificates = readCertificates(reader);
  if (reader.is(contextConstructed(1))) reader.element();
  const signers = reader.list(tag.set, () => reader.element(tag.sequence), 0);
  return { ...content, certificates, signers };
}

function readContent(reader: DerReader): Pick<SignedData, 'contentType' | 'content'> {
  return reader.inside(tag.sequence, () => {
    const contentType = reader.oid();
    if (reader.done) return { contentType, content: undefined };
    const content = reader.inside(contextConstructed(0), () => reader.content(tag.octetString));
    return { contentType, content };
  });
}

/** Attribute certificates and other kinds (RFC 5652 §10.2.2) are passed over. */
function readCertificates(reader: DerReader): Bytes[] {
  if (!reader.is(contextConstructed(0))) return [];
  const all = reader.list(contextConstructed(0), () => reader.element(), 0);
  const certificates = all.filter((der) => der[0] === tag.sequence);
  if (certificates.length > maxCertificates)
    throw reader.problem(`more than ${maxCertificates} certificates`);
  return certificates;
}

/** Certificates as one PKCS#7 file, `.p7b`: a SignedData that nobody signed (RFC 5652 §5.2, "degenerate"). */
export function createChainPkcs7(ders: readonly Bytes[]): Bytes {
  return writeDer((writer) =>
    writeSignedData(writer, () => {
      writer.smallInteger(1);
      writer.inside(tag.set, () => {});
      writer.inside(tag.sequence, () => writer.oid(cmsOids.data));
      writeCertificates(writer, ders);
      writer.inside(tag.set, () => {});
    }),
  );
}

/**
 * The certificates in a PKCS#7 file, DER or BER, in their order; signatures in it are not looked at.
 * @throws HoldfastError `certificate_malformed`
 */
export function certificatesFromPkcs7(pkcs7: Bytes): Bytes[] {
  return reading('certificate_malformed', 'pkcs#7 file', () => [
    ...readDer(derFromBer(pkcs7), readSignedData).certificates,
  ]);
}

/** The attributes that are always signed (RFC 5652 §11.1, §11.2). */
export const signedAttributeOids = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(signedAttributeOids));

const rsaEncryption: ObjectIdentifier = '1.2.840.113549.1.1.1';

/** One signature in a SignedData (RFC 5652 §5.3). */
export interface SignerInfo {
  readonly signer:
    | { readonly issuer: Name; readonly serial: SerialNumber }
    | { readonly subjectKeyId: Bytes };
  readonly digest: HashName | undefined;
  /** What the signature covers when it is not the content itself, as a SET. */
  readonly signedAttributes: Bytes | undefined;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

/** Reads a SignerInfo; what is in it but not signed is passed over. */
export function readSignerInfo(reader: DerReader): SignerInfo {
  return reader.inside(tag.sequence, () => {
    reader.smallInteger();
    const signer = readSigner(reader);
    const digest = hashName(readHash(reader));
    const signedAttributes = reader.is(contextConstructed(0)) ? asSet(reader.element()) : undefined;
    const signatureAlgorithm = readAlgorithm(reader, digest);
    const signature = reader.content(tag.octetString);
    if (!reader.done) reader.element(contextConstructed(1));
    return { signer, digest, signedAttributes, signatureAlgorithm, signature };
  });
}

/** Those of `certificates` that `signer` names. */
export function certificatesOf(
  signer: SignerInfo['signer'],
  certificates: readonly Certificate[],
): Certificate[] {
  if ('subjectKeyId' in signer) {
    return certificates.filter(
      ({ extensions: { subjectKeyId } }) =>
        subjectKeyId !== undefined && equalBytes(subjectKeyId, signer.subjectKeyId),
    );
  }
  const issuer = nameKey(signer.issuer);
  return certificates.filter((each) => each.serial === signer.serial && nameKey(each.issuer) === issuer);
}

/** Names a signer by issuer and serial number (RFC 5652 §10.2.4). */
export function writeSigner(writer: DerWriter, { issuer, serial }: Certificate): void {
  writer.inside(tag.sequence, () => {
    writeName(writer, issuer);
    writeSerialNumber(writer, serial);
  });
}

function readSigner(reader: DerReader): SignerInfo['signer'] {
  if (reader.is(context(0))) return { subjectKeyId: reader.content(context(0)) };
  return reader.inside(tag.sequence, () => ({ issuer: readName(reader), serial: readSerialNumber(reader) }));
}

/** The signature is over the attributes with the tag of a SET in the place of the one they travel with (RFC 5652 §5.4). */
function asSet(attributes: Bytes): Bytes {
  const set = Buffer.from(attributes);
  set[0] = tag.set;
  return set;
}

/** Many write `rsaEncryption` and leave the hash to the digest algorithm (RFC 5754 §3.2). */
function readAlgorithm(reader: DerReader, digest: HashName | undefined): SignatureAlgorithm {
  const algorithm = readSignatureAlgorithm(reader, 'as-written');
  if (algorithm.oid !== rsaEncryption || digest === undefined) return algorithm;
  return { oid: rsaEncryption, name: `RSA with ${digest}`, scheme: { kind: 'rsa', hash: digest } };
}

/** Writes the AlgorithmIdentifier of a hash, without parameters (RFC 5754 §2). */
export function writeHash(writer: DerWriter, hash: HashName): void {
  writer.inside(tag.sequence, () => writer.oid(hashOids[hash]));
}
