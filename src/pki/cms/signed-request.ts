import { hash, type KeyObject } from 'node:crypto';
import { type Bytes, equalBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { type Certificate, checkRequestSize, parseCertificate, publicKeyOf } from '../certificate/index.ts';
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
import { signerOf, verifySignature } from '../key/index.ts';
import {
  certificatesOf,
  cmsOids,
  readSignedData,
  readSignerInfo,
  type SignedData,
  type SignerInfo,
  signedAttributeOids,
  writeCertificates,
  writeHash,
  writeSignedData,
  writeSigner,
} from './cms-signed-data.ts';

/** A request that somebody says to have signed. */
interface SignedRequest {
  /**
   * Whose key is to have signed it. Whether that certificate is known is for the caller to judge, before anything is
   * verified: that costs as much as a key of the sender's choice wants.
   */
  readonly signer: Certificate;
  /**
   * The PKCS#10 request, DER, not looked into; its signature is good, or this throws.
   * @throws HoldfastError `request_signature_invalid`, `request_malformed`, `signature_unsupported`, `key_unsupported`
   */
  open(): Bytes;
}

/** What CMC wraps requests in (RFC 5272 §3.2). */
const cmcOid: ObjectIdentifier = '1.3.6.1.5.5.7.12.2';

registerOids([cmcOid]);

/**
 * Reads a PKCS#10 request that was signed as PKCS#7, as a renewal with the certificate that is being renewed
 * (RFC 5652 §5, BER too): one signer, whose certificate is inside, with SHA-2 or Ed25519; every signed attribute once.
 *
 * @throws HoldfastError `request_malformed`
 */
export function readSignedRequest(pkcs7: Bytes): SignedRequest {
  checkRequestSize(pkcs7);
  const { signedData, info, signer } = reading('request_malformed', 'signed request', () => readAll(pkcs7));
  const { content } = signedData;
  if (signedData.contentType !== cmsOids.data || content === undefined)
    throw malformedRequest('it does not hold a request');
  return {
    signer,
    open() {
      checkSignature(content, info, signer);
      return content;
    },
  };
}

function readAll(pkcs7: Bytes): { signedData: SignedData; info: SignerInfo; signer: Certificate } {
  const signedData = readDer(derFromBer(pkcs7), readSignedData);
  if (signedData.contentType === cmcOid) throw cmcRequest();
  const [only, ...others] = signedData.signers;
  if (only === undefined || others.length > 0)
    throw malformedRequest(`it has ${signedData.signers.length} signatures, expected one`);
  const info = readDer(only, readSignerInfo);
  return { signedData, info, signer: findSigner(signedData, info) };
}

function findSigner({ certificates }: SignedData, { signer }: SignerInfo): Certificate {
  const [found, ...others] = certificatesOf(signer, certificates.map(readCertificate));
  if (found === undefined || others.length > 0)
    throw malformedRequest('it does not hold the one certificate that it is signed with');
  return found;
}

function readCertificate(der: Bytes): Certificate {
  try {
    return parseCertificate(der);
  } catch (cause) {
    if (!isHoldfastError(cause, 'certificate_malformed')) throw cause;
    throw new HoldfastError('request_malformed', `signed request is malformed: ${cause.message}`, { cause });
  }
}

function checkSignature(content: Bytes, info: SignerInfo, signer: Certificate): void {
  const { signedAttributes, signatureAlgorithm, signature, digest } = info;
  const { scheme } = signatureAlgorithm;
  if (digest === undefined) throw weakDigest();
  if (scheme !== undefined && 'hash' in scheme && scheme.hash !== digest)
    throw malformedRequest('its signature and its digest are of two kinds');
  if (signedAttributes !== undefined) checkAttributes(signedAttributes, hash(digest, content, 'buffer'));
  const signed = signedAttributes ?? content;
  if (verifySignature(signatureAlgorithm, signed, signature, publicKeyOf(signer))) return;
  throw wrongSignature('its signature is not that of the certificate in it');
}

function checkAttributes(set: Bytes, digest: Bytes): void {
  const attributes = reading('request_malformed', 'signed request', () => readDer(set, readAttributes));
  const type = attributes.get(signedAttributeOids.contentType);
  if (type !== cmsOids.data) throw malformedRequest('its signed attributes do not name what is signed');
  const said = attributes.get(signedAttributeOids.messageDigest);
  if (said instanceof Uint8Array && equalBytes(said, digest)) return;
  throw wrongSignature('the digest in it is not that of the request');
}

/** The content type and the message digest; all others are signed and passed over. */
function readAttributes(reader: DerReader): Map<ObjectIdentifier, ObjectIdentifier | Bytes> {
  const attributes = new Map<ObjectIdentifier, ObjectIdentifier | Bytes>();
  reader.list(tag.set, () =>
    reader.inside(tag.sequence, () => {
      const oid = reader.oid();
      if (attributes.has(oid)) throw reader.problem(`attribute ${describeOid(oid)} is there twice`);
      attributes.set(
        oid,
        reader.inside(tag.set, () => readValue(reader, oid)),
      );
    }),
  );
  return attributes;
}

function readValue(reader: DerReader, oid: ObjectIdentifier): ObjectIdentifier | Bytes {
  if (oid === signedAttributeOids.contentType) return reader.oid();
  if (oid === signedAttributeOids.messageDigest) return reader.content(tag.octetString);
  const start = reader.position;
  while (!reader.done) reader.element();
  return reader.since(start);
}

function malformedRequest(problem: string): HoldfastError {
  return new HoldfastError('request_malformed', `signed request is malformed: ${problem}`);
}

function cmcRequest(): HoldfastError {
  return new HoldfastError(
    'request_malformed',
    'the request is a CMC message; expected PKCS #10 or PKCS #7',
    {
      hint: 'make it anew: certreq has RequestType = PKCS10 for it, and PKCS7 for a renewal',
    },
  );
}

function wrongSignature(problem: string): HoldfastError {
  return new HoldfastError('request_signature_invalid', `signed request: ${problem}`, {
    hint: 'sign it with the key of the certificate that is to be renewed',
  });
}

function weakDigest(): HoldfastError {
  return new HoldfastError(
    'signature_unsupported',
    'signed request: its digest is not SHA-256, SHA-384 or SHA-512',
    {
      hint: 'sign it again, with openssl cms -sign -md sha256 for example',
    },
  );
}

/** What is signed, and with what. */
interface RequestToSign {
  /** The PKCS#10 request, DER. */
  readonly request: Bytes;
  /** The certificate that is being renewed, DER; it goes along. */
  readonly certificate: Bytes;
  /** Its key. */
  readonly privateKey: KeyObject;
}

/**
 * A request signed as PKCS#7 with the certificate that is being renewed (RFC 5652 §5), without a signing time, since
 * no clock is asked here. @throws HoldfastError `certificate_malformed`, `key_unsupported`
 */
export function signRequestPkcs7({ request, certificate, privateKey }: RequestToSign): Bytes {
  const signer = signerOf(privateKey);
  const attributes = signedAttributes(hash(signer.hash, request, 'buffer'));
  const signature = signer.sign(writeDer((writer) => writer.content(tag.set, attributes)));
  return writeDer((writer) =>
    writeSignedData(writer, () => {
      writer.smallInteger(1);
      writer.inside(tag.set, () => writeHash(writer, signer.hash));
      writeContent(writer, request);
      writeCertificates(writer, [certificate]);
      writer.inside(tag.set, () =>
        writer.inside(tag.sequence, () => {
          writer.smallInteger(1);
          writeSigner(writer, parseCertificate(certificate));
          writeHash(writer, signer.hash);
          writer.content(contextConstructed(0), attributes);
          writer.element(signer.algorithm);
          writer.content(tag.octetString, signature);
        }),
      );
    }),
  );
}

function writeContent(writer: DerWriter, request: Bytes): void {
  writer.inside(tag.sequence, () => {
    writer.oid(cmsOids.data);
    writer.inside(contextConstructed(0), () => writer.content(tag.octetString, request));
  });
}

/** The two attributes that have to be there (RFC 5652 §5.3), in the order of DER: the shorter one first. */
function signedAttributes(digest: Bytes): Bytes {
  const { contentType, messageDigest } = signedAttributeOids;
  return Buffer.concat([
    attribute(contentType, (writer) => writer.oid(cmsOids.data)),
    attribute(messageDigest, (writer) => writer.content(tag.octetString, digest)),
  ]);
}

function attribute(oid: ObjectIdentifier, writeValue: (writer: DerWriter) => void): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.oid(oid);
      writer.inside(tag.set, () => writeValue(writer));
    }),
  );
}
