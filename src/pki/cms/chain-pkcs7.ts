import type { Bytes } from '../../base/index.ts';
import { derFromBer, readDer, reading, tag, writeDer } from '../der/index.ts';
import { cmsOids, readSignedData, writeCertificates, writeSignedData } from './cms-signed-data.ts';

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
