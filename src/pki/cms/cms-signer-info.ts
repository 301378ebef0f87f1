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
  type ObjectIdentifier,
  registerOids,
  tag,
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
