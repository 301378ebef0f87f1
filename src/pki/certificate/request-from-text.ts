import { type Bytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { bytesFromBase64, derFromBer, looksLikeDer, parsePem, pemText, reading, tag } from '../der/index.ts';

/** A request as bytes, and which form it has. */
export interface EncodedRequest {
  /** `pkcs7` is one that was signed with another certificate: see `readSignedRequest`. */
  readonly kind: 'pkcs10' | 'pkcs7';
  /** DER; BER at worst when it is PKCS#7. */
  readonly der: Bytes;
}

/**
 * Finds the request in what somebody pasted or sent: DER, PEM with text around it and under any of the labels in use
 * (Windows says `NEW CERTIFICATE REQUEST`, of PKCS#7 too), or bare Base64, in lines or in one; the texts in UTF-8
 * or, as Windows writes files, UTF-16. PKCS#10 in BER comes out in DER. At most 64 KiB. Which form it is shows in its first bytes; the rest is not looked at.
 *
 * @throws HoldfastError `request_malformed`
 */
export function requestFromText(input: Bytes): EncodedRequest {
  checkRequestSize(input);
  const der = looksLikeDer(input) ? withoutTail(input) : fromText(pemText(input));
  const kind = kindOf(der);
  if (kind === undefined) throw notARequest('it is neither PKCS#10 nor PKCS#7');
  return { kind, der: kind === 'pkcs10' ? inDer(der) : der };
}

/** Without the line end or the zeros that a copy has left behind it; whole where its length is not said. */
function withoutTail(der: Bytes): Bytes {
  const [, first = 0] = der;
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (count > 4 || first === 0x80 || der.length < 2 + count) return der;
  const length = der.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  const end = 2 + count + (count === 0 ? first : length);
  return der.subarray(end).every((byte) => byte === 0 || byte === 0x0a || byte === 0x0d)
    ? der.subarray(0, end)
    : der;
}

/** A request is signed in DER (RFC 2986 §4.2), in whatever form of BER it travels. */
function inDer(ber: Bytes): Bytes {
  return reading('request_malformed', 'request', () => derFromBer(ber));
}

function fromText(text: string): Bytes {
  if (!text.includes('-----BEGIN ')) return fromBase64(text);
  const blocks = pemBlocks(text);
  const [only, ...others] = blocks.filter(({ label }) => labels.includes(label));
  if (only === undefined) throw noRequestIn(blocks.map(({ label }) => label));
  if (others.length > 0)
    throw notARequest(`the PEM text has ${others.length + 1} requests in it, expected one`);
  return only.der;
}

const labels: readonly string[] = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST', 'PKCS7', 'CMS'];

function noRequestIn(found: readonly string[]): HoldfastError {
  const problem = `the PEM text has no CERTIFICATE REQUEST in it${found.length === 0 ? '' : `, but ${found.slice(0, 3).join(', ')}`}`;
  if (!found.some((label) => label.endsWith('PRIVATE KEY'))) return notARequest(problem);
  return new HoldfastError('request_malformed', `request is malformed: ${problem}`, {
    hint: 'keep the private key where it is, and hand in the request that was made with it; a key that others have seen is to be replaced',
  });
}

function pemBlocks(text: string): ReturnType<typeof parsePem> {
  try {
    return parsePem(text);
  } catch (cause) {
    if (!isHoldfastError(cause, 'pem_malformed')) throw cause;
    throw notARequest(cause.message, cause);
  }
}

function fromBase64(text: string): Bytes {
  const der = bytesFromBase64(text);
  if (der === undefined) throw notARequest('it is neither DER, PEM nor Base64');
  return der;
}

/** A request begins with what it asks for, a SEQUENCE (RFC 2986 §4); PKCS#7 with the type of its content. */
function kindOf(der: Bytes): EncodedRequest['kind'] | undefined {
  const lengthByte = der[1] ?? 0;
  const lengthBytes = lengthByte > 0x80 ? lengthByte & 0x7f : 0;
  const first = der[0] === tag.sequence ? der[2 + lengthBytes] : undefined;
  if (first === tag.sequence) return 'pkcs10';
  return first === tag.oid ? 'pkcs7' : undefined;
}

function notARequest(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('request_malformed', `request is malformed: ${problem}`, {
    hint: 'send the file that openssl req, certreq or holdfast request create made',
    cause,
  });
}

const maxBytes = 64 * 1024;

/** Refuses a request of more than 64 KiB, whatever is in it. @throws HoldfastError `request_malformed` */
export function checkRequestSize(request: Bytes): void {
  if (request.length <= maxBytes) return;
  throw new HoldfastError(
    'request_malformed',
    `request has ${request.length} bytes, expected at most ${maxBytes}`,
  );
}
