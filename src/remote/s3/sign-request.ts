import { createHash, createHmac } from 'node:crypto';
import { Secret } from '../../base/index.ts';

/** What proves to a service who asks. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret<string>;
  /** Goes with keys that last for a while. */
  readonly sessionToken: Secret<string> | undefined;
  /** Where they were found, for messages. */
  readonly from: string;
}

/** What is signed of a request. */
export interface SignableRequest {
  readonly method: string;
  /** With path and query encoded as they are sent. */
  readonly url: URL;
  /** In lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** The SHA-256 of the body, in hexadecimal. */
  readonly bodySha256: string;
}

/** By which key, for which region, and when. */
export interface Signing {
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly nowMs: number;
}

/** The SHA-256 of no bytes at all. */
export const emptySha256 = createHash('sha256').digest('hex');

const algorithm = 'AWS4-HMAC-SHA256';

/**
 * The headers that a request is sent with: its own, and those by which it is signed (AWS Signature Version 4 with one signature
 * over the hash of the whole body, so that a service refuses a body which was changed on the way).
 */
export function signRequest(
  request: SignableRequest,
  { credentials, region, nowMs }: Signing,
): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [time.slice(0, 8), region, 's3', 'aws4_request'];
  const headers: Readonly<Record<string, string>> = {
    ...request.headers,
    'x-amz-content-sha256': request.bodySha256,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken.reveal() }),
  };
  const signed: Readonly<Record<string, string>> = { ...headers, host: request.url.host };
  const names = Object.keys(signed).sort();
  const canonical = canonicalRequest(request, names, signed);
  const toSign = [algorithm, time, scope.join('/'), sha256(canonical)].join('\n');
  const signature = hmac(signingKey(secretAccessKey, scope), toSign).toString('hex');
  const parts = [
    `Credential=${accessKeyId}/${scope.join('/')}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${signature}`,
  ];
  return { ...headers, authorization: `${algorithm} ${parts.join(', ')}` };
}

/** A text as S3 wants it in a path or a query: all but letters, digits and `-._~` in percents; a slash where it is kept. */
export function encodeForS3(text: string, kept: '/' | '' = ''): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return kept === '/' ? encoded.replaceAll('%2F', '/') : encoded;
}

/** A query with its names in order, as it is signed and sent. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encodeForS3(name)}=${encodeForS3(value)}`);
  return pairs.sort().join('&');
}

function canonicalRequest(
  { method, url, bodySha256 }: SignableRequest,
  names: readonly string[],
  headers: Readonly<Record<string, string>>,
): string {
  const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
  return [method, url.pathname, url.search.slice(1), lines, names.join(';'), bodySha256].join('\n');
}

function signingKey(secret: Secret<string>, scope: readonly string[]): Buffer {
  let key: Buffer | string = `AWS4${secret.reveal()}`;
  for (const part of scope) key = hmac(key, part);
  return Buffer.from(key);
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
