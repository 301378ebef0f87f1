import { createDecipheriv, createHmac } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { Shaken } from './shake-hands.ts';

/** Whether the server asked for a certificate, and from which authorities: their names in DER, none for any. */
export interface CertificateWish {
  readonly authorities: readonly Bytes[];
}

/**
 * The certificate request of a handshake (RFC 8446 §4.3.2, RFC 5246 §7.4.4), read from the bytes that came; undefined where
 * none was among them. TLS 1.3 sends it encrypted, and the keys are those of this very connection.
 */
export function certificateWish({ wire, keys, protocol, suite }: Shaken): CertificateWish | undefined {
  const records = [...recordsOf(Buffer.from(wire.received))];
  const isLatest = protocol === 'TLSv1.3';
  const messages = isLatest
    ? decrypted(records, keys, suite)
    : Buffer.concat(records.filter(({ type }) => type === handshakeType).map(({ body }) => body));
  for (const { type, body } of messagesOf(messages))
    if (type === certificateRequestType)
      return { authorities: isLatest ? authoritiesOf13(body) : authoritiesOf12(body) };
  return undefined;
}

const handshakeType = 22;
const applicationType = 23;
const certificateRequestType = 13;
const certificateAuthorities = 47;

interface Piece {
  readonly type: number;
  readonly body: Buffer;
  readonly header: Buffer;
}

function* recordsOf(bytes: Buffer): Generator<Piece> {
  let at = 0;
  while (at + 5 <= bytes.length) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) return;
    yield {
      type: bytes.readUInt8(at),
      header: bytes.subarray(at, at + 5),
      body: bytes.subarray(at + 5, end),
    };
    at = end;
  }
}

function* messagesOf(bytes: Buffer): Generator<Omit<Piece, 'header'>> {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUIntBE(at + 1, 3);
    if (end > bytes.length) return;
    yield { type: bytes.readUInt8(at), body: bytes.subarray(at + 4, end) };
    at = end;
  }
}

/** The messages of the server's first encrypted flight (RFC 8446 §5.2, §7.3). */
function decrypted(records: readonly Piece[], keys: readonly string[], suite: string): Buffer {
  const line = keys.find((each) => each.startsWith('SERVER_HANDSHAKE_TRAFFIC_SECRET '));
  const secret = Buffer.from(line?.trim().split(' ')[2] ?? '', 'hex');
  const hash = secret.length === 48 ? 'sha384' : 'sha256';
  const cipher = suite.includes('CHACHA20')
    ? 'chacha20-poly1305'
    : suite.includes('AES_256')
      ? 'aes-256-gcm'
      : 'aes-128-gcm';
  const key = expand(hash, secret, 'key', cipher === 'aes-128-gcm' ? 16 : 32);
  const iv = expand(hash, secret, 'iv', 12);
  const messages: Buffer[] = [];
  const encrypted = records.filter(({ type }) => type === applicationType);
  for (const [sequence, { header, body }] of encrypted.entries()) {
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8);
    try {
      const opening = createDecipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
      opening.setAAD(header, { plaintextLength: body.length - 16 });
      opening.setAuthTag(body.subarray(-16));
      const inner = Buffer.concat([opening.update(body.subarray(0, -16)), opening.final()]);
      let end = inner.length;
      while (end > 0 && inner[end - 1] === 0) end -= 1;
      if (inner[end - 1] !== handshakeType) break;
      messages.push(inner.subarray(0, end - 1));
    } catch {
      // What comes after the handshake has other keys.
      break;
    }
  }
  return Buffer.concat(messages);
}

/** HKDF-Expand-Label (RFC 8446 §7.1) of no more than one hash: one round of HMAC (RFC 5869 §2.3). */
function expand(hash: 'sha256' | 'sha384', secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, full.length]), full, Buffer.from([0])]);
  return createHmac(hash, secret)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length);
}

function authoritiesOf13(body: Buffer): Bytes[] {
  let at = 1 + body.readUInt8(0) + 2;
  while (at + 4 <= body.length) {
    const type = body.readUInt16BE(at);
    const end = at + 4 + body.readUInt16BE(at + 2);
    if (type === certificateAuthorities) return namesIn(body.subarray(at + 4, end));
    at = end;
  }
  return [];
}

function authoritiesOf12(body: Buffer): Bytes[] {
  const schemes = 1 + body.readUInt8(0);
  return namesIn(body.subarray(schemes + 2 + body.readUInt16BE(schemes)));
}

function namesIn(list: Buffer): Bytes[] {
  const names: Bytes[] = [];
  let at = 2;
  while (at + 2 <= list.length) {
    const end = at + 2 + list.readUInt16BE(at);
    names.push(list.subarray(at + 2, end));
    at = end;
  }
  return names;
}
