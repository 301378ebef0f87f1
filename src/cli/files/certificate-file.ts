import { asBuffer, type Bytes, HoldfastError, isHoldfastError, readChosenFile } from '../../base/index.ts';
import {
  type AnyCrl,
  bytesFromBase64,
  certificatePem,
  certificatesFromPkcs7,
  createChainPkcs7,
  looksLikeDer,
  orderChain,
  parseAnyCrl,
  parseCertificate,
  parsePem,
  pemText,
  signed,
} from '../../pki/index.ts';

const maxFileBytes = 1024 * 1024;

/**
 * The certificates in the file at `path`, one at least: PEM in its order, one in DER, or a PKCS#7 chain in DER or PEM, the
 * leaf first.
 * @throws HoldfastError `path_not_found`, `pem_malformed`, `certificate_malformed`
 */
export async function readCertificates(path: string): Promise<readonly Bytes[]> {
  const bytes = await readChosenFile(path, {
    maxBytes: maxFileBytes,
    hint: 'name a PEM, DER or PKCS#7 file',
    tooLong: 'certificate_malformed',
  });
  const ders = looksLikeDer(bytes)
    ? certificatesInDer(path, bytes)
    : certificatesInText(path, pemText(bytes));
  if (ders.length === 0) throw unusable(path, 'has no certificate in it');
  for (const der of ders) parseCertificate(der);
  return ders;
}

function certificatesInDer(path: string, der: Buffer): Bytes[] {
  if (isPkcs12(der)) throw holdsKeys(path);
  try {
    parseCertificate(der);
    return [der];
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return inOrder(certificatesFromPkcs7(der));
  }
}

/** Its version, 3, comes first; nothing else that is read here begins with a number. */
function isPkcs12(der: Buffer): boolean {
  return [2, 3, 4, 5, 6].some((at) => der.subarray(at, at + 4).equals(Buffer.from([0x02, 0x01, 0x03, 0x30])));
}

/** A PKCS#7 keeps certificates as a set (RFC 5652 §5.1): what signed no other, each that signed the one before, the rest. */
function inOrder(ders: readonly Bytes[]): Bytes[] {
  const all = ders.map((der) => parseCertificate(der));
  const leaf = all.find((one) => !all.some((other) => other !== one && signed(one, other)));
  if (leaf === undefined) return [...ders];
  const chain = orderChain(leaf, all);
  return [...chain, ...all.filter((one) => !chain.includes(one))].map(({ der }) => der);
}

/** Blocks of PEM, or Base64 with nothing around it. */
function certificatesInText(path: string, text: string): Bytes[] {
  const bare = text.includes('-----BEGIN ') ? undefined : bytesFromBase64(text);
  return bare === undefined ? certificatesInPem(text) : certificatesInDer(path, asBuffer(bare));
}

function certificatesInPem(text: string): Bytes[] {
  return parsePem(text).flatMap(({ label, der }) => {
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') return [der];
    return label === 'PKCS7' || label === 'CMS' ? inOrder(certificatesFromPkcs7(der)) : [];
  });
}

const maxListBytes = 64 * 1024 * 1024;

/** The revocation lists in a file: PEM, or one in DER. @throws HoldfastError `path_not_found`, `crl_malformed` */
export async function readRevocationLists(path: string): Promise<AnyCrl[]> {
  const hint = 'name a PEM or DER file with revocation lists';
  const bytes = await readChosenFile(path, { maxBytes: maxListBytes, hint, tooLong: 'crl_malformed' });
  try {
    const ders = looksLikeDer(bytes) ? [bytes] : parsePem(pemText(bytes)).map(({ der }) => der);
    if (ders.length > 0) return ders.map((der) => parseAnyCrl(der));
  } catch (cause) {
    if (!isHoldfastError(cause)) throw cause;
    throw new HoldfastError('crl_malformed', `${path}: ${cause.message}`, { hint, cause });
  }
  throw new HoldfastError('crl_malformed', `${path}: there is no revocation list in it`, { hint });
}

function holdsKeys(path: string): HoldfastError {
  return new HoldfastError('certificate_malformed', `${path} is a PKCS#12 file, which holds a private key`, {
    hint: `take both out: openssl pkcs12 -in ${path} -nodes -out ALL.pem; for tls bind, ALL.pem is FILE and --key`,
  });
}

function unusable(path: string, problem: string): HoldfastError {
  return new HoldfastError('certificate_malformed', `${path} ${problem}`, {
    hint: 'name a file with a certificate in PEM, DER or PKCS#7',
  });
}

/** How certificates are written into a file: Base64 in lines, one in DER, or several as PKCS#7. */
export type CertificateFormat = 'pem' | 'der' | 'p7b';

/** Which format a file of that name has: `.der` and `.p7b` say it, everything else is PEM. */
export function certificateFormatOf(path: string): CertificateFormat {
  if (/\.p7[bc]$/i.test(path)) return 'p7b';
  return /\.der$/i.test(path) ? 'der' : 'pem';
}

/** Encodes certificates, DER, for a file; in DER the first alone. */
export function encodeCertificates(ders: readonly Bytes[], format: CertificateFormat): Bytes | string {
  if (format === 'p7b') return createChainPkcs7(ders);
  return format === 'der' ? (ders[0] as Bytes) : ders.map(certificatePem).join('');
}
