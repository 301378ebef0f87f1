import { randomBytes } from 'node:crypto';
import { fromHex, toHex } from '../../base/index.ts';
import { type DerReader, type DerWriter, tag } from '../der/index.ts';

/** A certificate's serial number: lowercase hexadecimal of its magnitude, whole bytes, no leading zero byte. */
export type SerialNumber = string & { readonly __brand: 'SerialNumber' };

/** RFC 5280 §4.1.2.2. */
const maxBytes = 20;

/**
 * A fresh serial number: 16 bytes, the first 0x40–0x7f, so that it is positive and always as long. The first six are the
 * time, so that numbers made one after the other stand together in an index; 80 bits are random.
 * @param nowMs milliseconds since 1970
 */
export function generateSerialNumber(nowMs: number): SerialNumber {
  if (random.length < serialBytes) random = randomBytes(256 * serialBytes);
  const bytes = random.subarray(0, serialBytes);
  random = random.subarray(serialBytes);
  bytes.writeUIntBE(nowMs % 2 ** 46, 0, timeBytes);
  bytes[0] = (bytes[0] as number) | 0x40;
  return toHex(bytes) as SerialNumber;
}

const serialBytes = 16;
const timeBytes = 6;
/** Asked for by the block: a serial number is no secret, and each request to the system costs as much as many of them. */
let random: Buffer = randomBytes(0);

/** The serial number that `text` writes in hexadecimal, colons allowed (at most 20 bytes, RFC 5280 §4.1.2.2), or undefined. */
export function parseSerialNumber(text: string): SerialNumber | undefined {
  const digits = text.trim().toLowerCase().replaceAll(':', '');
  if (!/^[0-9a-f]{1,42}$/.test(digits)) return undefined;
  const significant = digits.replace(/^0+(?=.)/, '');
  const whole = significant.length % 2 === 0 ? significant : `0${significant}`;
  return whole.length > 2 * maxBytes ? undefined : (whole as SerialNumber);
}

/** Reads a serial number; a negative one is malformed, and so is one of more than 20 bytes (RFC 5280 §4.1.2.2). */
export function readSerialNumber(reader: DerReader, wanted: number = tag.integer): SerialNumber {
  const content = reader.integer(wanted);
  if ((content[0] as number) >= 0x80) throw reader.problem('serial number is negative');
  const magnitude = content.length > 1 && content[0] === 0 ? content.subarray(1) : content;
  if (magnitude.length > maxBytes) throw reader.problem(`serial number has more than ${maxBytes} bytes`);
  return toHex(magnitude) as SerialNumber;
}

export function writeSerialNumber(writer: DerWriter, serial: SerialNumber): void {
  writer.unsignedInteger(fromHex(serial));
}
