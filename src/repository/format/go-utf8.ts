import { isUtf8 } from 'node:buffer';

/** The bytes of the UTF-8 character that begins at `at`; 0 when none does, as Go's utf8.DecodeRune sees it. */
export function characterLength(buffer: Buffer, at: number): number {
  const lead = buffer.readUInt8(at);
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at + length <= buffer.length && isUtf8(buffer.subarray(at, at + length)) ? length : 0;
}

const escapeBase = 0xdc00;

/**
 * Bytes as text, each byte that is not part of a UTF-8 character as a lone surrogate. `goJsonString` writes those as Go
 * writes such bytes; the usual decoder would make one U+FFFD of several, and not the same that was there before.
 */
export function decodeGoText(buffer: Buffer): string {
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at);
    text +=
      length === 0
        ? String.fromCharCode(escapeBase + buffer.readUInt8(at))
        : buffer.toString('utf8', at, at + length);
    at += length || 1;
  }
  return text;
}
