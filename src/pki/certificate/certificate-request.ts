import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import {
  contextConstructed,
  type DerReader,
  type DerWriter,
  describeOid,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';
import {
  exportPublicKey,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signerOf,
  writeSigned,
} from '../key/index.ts';
import { type GeneralName, type Name, readName, writeName } from '../name/index.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { writeSubjectAltNames } from './write-extensions.ts';

/** The attribute that asks for extensions (RFC 2985 §5.4.2). */
const extensionRequestOid: ObjectIdentifier = '1.2.840.113549.1.9.14';
/** The same as programs of Microsoft call it (szOID_CERT_EXTENSIONS). */
const microsoftExtensionsOid: ObjectIdentifier = '1.3.6.1.4.1.311.2.1.14';
registerOids([extensionRequestOid, microsoftExtensionsOid]);

/** A certificate signing request as read (RFC 2986 §4). Its byte fields are views of `der`. */
export interface CertificateRequest {
  readonly der: Bytes;
  /** The part that is signed. */
  readonly info: Bytes;
  readonly subject: Name;
  readonly spki: Bytes;
  /** The attributes other than the extension request, each with the DER of its values. */
  readonly attributes: ReadonlyMap<ObjectIdentifier, readonly Bytes[]>;
  /** What the extension request asks for; without any when there is none. */
  readonly extensions: Extensions;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

/**
 * Reads a request of version 1. An attribute that is there twice is malformed. What is only read here and goes into no
 * certificate may be written as real programs write it: an attribute without a value, a request for no extensions, NULL
 * beside an ECDSA algorithm. Nothing is verified, not even its signature: see `verifyRequestSignature`.
 * @throws HoldfastError `request_malformed`
 */
export function parseCertificateRequest(der: Bytes): CertificateRequest {
  return reading('request_malformed', 'certificate request', () =>
    readDer(der, (reader) =>
      reader.inside(tag.sequence, () => {
        const start = reader.position;
        const fields = readInfo(reader);
        const info = reader.since(start);
        const signatureAlgorithm = readSignatureAlgorithm(reader, 'as-written');
        return { der, info, ...fields, signatureAlgorithm, signature: reader.bitStringBytes() };
      }),
    ),
  );
}

function readInfo(reader: DerReader) {
  return reader.inside(tag.sequence, () => {
    if (reader.smallInteger() !== 0) throw reader.problem('version is not 1');
    const subject = readName(reader);
    const spki = reader.element(tag.sequence);
    return { subject, spki, ...readAttributes(reader) };
  });
}

/** Reads the attributes, which some leave out altogether when there are none. */
function readAttributes(reader: DerReader): Pick<CertificateRequest, 'attributes' | 'extensions'> {
  const attributes = new Map<ObjectIdentifier, Bytes[]>();
  let extensions: Extensions | undefined;
  if (reader.done) return { attributes, extensions: noExtensions };
  const readAttribute = () => {
    const oid = reader.oid();
    const asksForExtensions = oid === extensionRequestOid || oid === microsoftExtensionsOid;
    const twice = asksForExtensions ? extensions !== undefined : attributes.has(oid);
    if (twice) throw reader.problem(`attribute ${describeOid(oid)} is there twice`);
    if (asksForExtensions) extensions = readExtensionRequest(reader);
    else
      attributes.set(
        oid,
        reader.list(tag.set, () => reader.element(), 0),
      );
  };
  reader.list(contextConstructed(0), () => reader.inside(tag.sequence, readAttribute), 0);
  return { attributes, extensions: extensions ?? noExtensions };
}

/** The extensions asked for: none where the value is missing, or there is nothing in it. */
function readExtensionRequest(reader: DerReader): Extensions {
  return reader.inside(tag.set, () => (reader.done ? noExtensions : readExtensions(reader, 0)));
}

/** What a request asks for. */
interface RequestTemplate {
  readonly subject: Name;
  readonly subjectAltNames?: readonly GeneralName[];
}

/**
 * Signs a request (RFC 2986 §4) with the key it is for and returns its DER.
 * A `TypeError` for a template that cannot be written. @throws HoldfastError `key_unsupported`
 */
export function createCertificateRequest(template: RequestTemplate, privateKey: KeyObject): Bytes {
  const { subject, subjectAltNames = [] } = template;
  const signer = signerOf(privateKey);
  const spki = exportPublicKey(privateKey);
  const writeInfo = (writer: DerWriter) => {
    writer.smallInteger(0);
    writeName(writer, subject);
    writer.element(spki);
    writer.inside(contextConstructed(0), () =>
      writeAttributes(writer, subjectAltNames, subject.length === 0),
    );
  };
  return writeDer((writer) =>
    writeSigned(writer, signer, () => writer.inside(tag.sequence, () => writeInfo(writer))),
  );
}

function writeAttributes(writer: DerWriter, names: readonly GeneralName[], subjectIsEmpty: boolean): void {
  if (names.length === 0) return;
  writer.inside(tag.sequence, () => {
    writer.oid(extensionRequestOid);
    writer.inside(tag.set, () =>
      writer.inside(tag.sequence, () => writeSubjectAltNames(writer, names, subjectIsEmpty)),
    );
  });
}
