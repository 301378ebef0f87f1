import type { Bytes } from '../../base/index.ts';
import {
  contextConstructed,
  type DerReader,
  describeOid,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
} from '../der/index.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm } from '../key/index.ts';
import { type Name, readName } from '../name/index.ts';
import type { Extensions } from './extensions.ts';
import { noExtensions, readExtensions } from './read-extensions.ts';

/** The attribute that asks for extensions (RFC 2985 §5.4.2). */
export const extensionRequestOid: ObjectIdentifier = '1.2.840.113549.1.9.14';
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
