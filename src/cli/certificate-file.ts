import { readFile } from 'node:fs/promises';
import { type Bytes, HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';
import { certificatesFromPkcs7, parseCertificate, parsePem } from '../pki/index.ts';

const maxFileBytes = 1024 * 1024;
const sequenceTag = 0x30;

/**
 * The certificates in the file at `path`, one at least, in its order: PEM, one in DER, or a PKCS#7 chain in DER or PEM.
 * @throws HoldfastError `path_not_found`, `pem_malformed`, `certificate_malformed`
 */
export async function readCertificates(path: string): Promise<readonly Bytes[]> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${path}: ${systemErrorCode(cause) ?? 'cannot be read'}`, {
      hint: 'name a PEM, DER or PKCS#7 file',
      cause,
    });
  });
  if (bytes.length > maxFileBytes)
    throw unusable(path, `has ${bytes.length} bytes, at most ${maxFileBytes} are read`);
  const ders =
    bytes[0] === sequenceTag ? certificatesInDer(bytes) : certificatesInPem(bytes.toString('latin1'));
  if (ders.length === 0) throw unusable(path, 'has no certificate in it');
  for (const der of ders) parseCertificate(der);
  return ders;
}

function certificatesInDer(der: Bytes): Bytes[] {
  try {
    parseCertificate(der);
    return [der];
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return certificatesFromPkcs7(der);
  }
}

function certificatesInPem(text: string): Bytes[] {
  return parsePem(text).flatMap(({ label, der }) => {
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') return [der];
    return label === 'PKCS7' || label === 'CMS' ? certificatesFromPkcs7(der) : [];
  });
}

function unusable(path: string, problem: string): HoldfastError {
  return new HoldfastError('certificate_malformed', `${path} ${problem}`, {
    hint: 'name a file with a certificate in PEM, DER or PKCS#7',
  });
}
