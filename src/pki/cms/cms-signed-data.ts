import type { Bytes } from '../../base/index.ts';
import {
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
