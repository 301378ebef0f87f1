import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import {
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
import {
  exportPublicKey,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  signerOf,
  writeSigned,
} from '../key/index.ts';
import { type Name, readName, writeName } from '../name/index.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { type ExtensionTemplate, writeExtensions } from './write-extensions.ts';

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
 * Reads a request. What is only read here and goes into no certificate may be written as real programs write it: an attribute
 * without a value or said twice, no extensions or several lists of them, texts in a type that they do not fit, the numbers of
 * a certificate's version (pyOpenSSL by way of SaltStack). Two extensions of one kind that say different things are malformed.
 * Nothing is verified, not even its signature: see `verifyRequestSignature`.
 * @throws HoldfastError `request_malformed`
 */
export function parseCertificateRequest(der: Bytes): CertificateRequest {
  return reading('request_malformed', 'certificate request', () =>
    readDer(
      der,
      (reader) =>
        reader.inside(tag.sequence, () => {
          const start = reader.position;
          const fields = readInfo(reader);
          const info = reader.since(start);
          const signatureAlgorithm = readSignatureAlgorithm(reader);
          return { der, info, ...fields, signatureAlgorithm, signature: reader.bitStringBytes() };
        }),
      'as-written',
    ),
  );
}

function readInfo(reader: DerReader) {
  return reader.inside(tag.sequence, () => {
    const version = reader.smallInteger() + 1;
    if (version > 3) throw reader.problem(`version is ${version}, expected 1`);
    const subject = readName(reader);
    const spki = reader.element(tag.sequence);
    return { subject, spki, ...readAttributes(reader) };
  });
}

/** Reads the attributes, which some leave out altogether when there are none. */
function readAttributes(reader: DerReader): Pick<CertificateRequest, 'attributes' | 'extensions'> {
  const attributes = new Map<ObjectIdentifier, Bytes[]>();
  let extensions = noExtensions;
  if (reader.done) return { attributes, extensions };
  const readAttribute = () => {
    const oid = reader.oid();
    if (oid === extensionRequestOid || oid === microsoftExtensionsOid) {
      reader.list(tag.set, () => {
        extensions = readExtensions(reader, extensions);
      });
    } else {
      const values = reader.list(tag.set, () => reader.element());
      attributes.set(oid, [...(attributes.get(oid) ?? []), ...values]);
    }
  };
  reader.list(contextConstructed(0), () => reader.inside(tag.sequence, readAttribute), 0);
  return { attributes, extensions };
}

/** What a request asks for. */
export interface RequestTemplate
  extends Pick<ExtensionTemplate, 'basicConstraints' | 'keyUsage' | 'subjectAltNames'> {
  readonly subject: Name;
}

/**
 * Signs a request (RFC 2986 §4) with the key it is for and returns its DER.
 * A `TypeError` for a template that cannot be written. @throws HoldfastError `key_unsupported`
 */
export function createCertificateRequest(template: RequestTemplate, privateKey: KeyObject): Bytes {
  const { subject, ...extensions } = template;
  const signer = signerOf(privateKey);
  const spki = exportPublicKey(privateKey);
  const writeInfo = (writer: DerWriter) => {
    writer.smallInteger(0);
    writeName(writer, subject);
    writer.element(spki);
    writer.inside(contextConstructed(0), () => writeAttributes(writer, extensions, subject.length === 0));
  };
  return writeDer((writer) =>
    writeSigned(writer, signer, () => writer.inside(tag.sequence, () => writeInfo(writer))),
  );
}

/** The extensions that are asked for, as one attribute (RFC 2985 §5.4.2); none where none are. */
function writeAttributes(
  writer: DerWriter,
  extensions: Omit<RequestTemplate, 'subject'>,
  subjectIsEmpty: boolean,
): void {
  const { basicConstraints, keyUsage = [], subjectAltNames = [] } = extensions;
  if (basicConstraints === undefined && keyUsage.length + subjectAltNames.length === 0) return;
  writer.inside(tag.sequence, () => {
    writer.oid(extensionRequestOid);
    writer.inside(tag.set, () => writeExtensions(writer, extensions, subjectIsEmpty));
  });
}
