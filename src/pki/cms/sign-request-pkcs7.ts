import { hash, type KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import { parseCertificate } from '../certificate/index.ts';
import { contextConstructed, type DerWriter, type ObjectIdentifier, tag, writeDer } from '../der/index.ts';
import { signerOf } from '../key/index.ts';
import { cmsOids, writeCertificates, writeSignedData } from './cms-signed-data.ts';
import { signedAttributeOids, writeHash, writeSigner } from './cms-signer-info.ts';

/** What is signed, and with what. */
export interface RequestToSign {
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
