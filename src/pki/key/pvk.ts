import type { KeyObject } from 'node:crypto';
import { type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';

/** `PVK_FILE_HDR` and the `BLOBHEADER`, `RSAPUBKEY` behind it (Microsoft's CryptoAPI, wincrypt.h). */
const pvkMagic = 0xb0b5f11e;
const keyExchange = 1;
const privateKeyBlob = 7;
const blobVersion = 2;
const rsaKeyExchange = 0xa400;
/** `RSA2` */
const privateRsa = 0x32415352;

/**
 * An RSA key as an unencrypted .pvk, as `signtool` and the tools of .NET read one (RSA keys alone have that form).
 * @throws HoldfastError `key_unsupported` for another kind of key
 */
export function encodePvk(key: KeyObject): Bytes {
  if (key.asymmetricKeyType !== 'rsa')
    throw new HoldfastError(
      'key_unsupported',
      `a .pvk holds RSA keys alone, and this one is ${key.asymmetricKeyType}`,
    );
  const { n = '', e = '', p = '', q = '', dp = '', dq = '', qi = '', d = '' } = key.export({ format: 'jwk' });
  const bytes = Buffer.from(n, 'base64url').length;
  const half = bytes / 2;
  const header = Buffer.alloc(20);
  header.writeUInt8(privateKeyBlob, 0);
  header.writeUInt8(blobVersion, 1);
  header.writeUInt32LE(rsaKeyExchange, 4);
  header.writeUInt32LE(privateRsa, 8);
  header.writeUInt32LE(bytes * 8, 12);
  header.writeUInt32LE(Number(`0x${Buffer.from(e, 'base64url').toString('hex')}`), 16);
  const halves = [p, q, dp, dq, qi].map((number) => lowestFirst(number, half));
  const blob = concatBytes(header, lowestFirst(n, bytes), ...halves, lowestFirst(d, bytes));
  const file = Buffer.alloc(24);
  file.writeUInt32LE(pvkMagic, 0);
  file.writeUInt32LE(keyExchange, 8);
  file.writeUInt32LE(blob.length, 20);
  return concatBytes(file, blob);
}

/** A number of a JWK with its lowest byte first, in `length` bytes. */
function lowestFirst(number: string, length: number): Bytes {
  const bytes = Buffer.alloc(length);
  Buffer.from(number, 'base64url').reverse().copy(bytes);
  return bytes;
}
