import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';

/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object and not an array or null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text in UTF-8; `repository_damaged`, naming `what`, when it is none. */
function parseJson(text: Bytes, what: string): unknown {
  try {
    return JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8')) as unknown;
  } catch (cause) {
    throw new HoldfastError('repository_damaged', `${what} is not JSON`, { cause });
  }
}

/** The same for what must be a JSON object. */
export function parseJsonObject(text: Bytes, what: string): JsonObject {
  const value = parseJson(text, what);
  if (isJsonObject(value)) return value;
  throw new HoldfastError('repository_damaged', `${what} is JSON, but not an object`);
}

/** A whole number from 0 to 2^53 − 1, or undefined for anything else. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A string, or undefined for anything else. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An array of strings, or undefined for anything else. */
export function asTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

/** The bytes of standard base64, or undefined when the value is anything else. */
export function asBase64(value: unknown): Bytes | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? Uint8Array.from(bytes) : undefined;
}

const plainAscii = /^[ !#-[\]-~]*$/;
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const allPlain = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

const shortEscapes: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

const shortUnescapes: ReadonlyMap<string, number> = new Map(
  [...shortEscapes].map(([code, text]) => [text.slice(1), code]),
);

/**
 * Raw bytes as Go's strconv.Quote writes them, without the outer quotes: what is printable stays, other characters
 * become `\n`, `\u00ad` and the like, and each byte that is not UTF-8 becomes `\xff`.
 *
 * Printable is what Unicode calls letter, mark, number, punctuation or symbol. Go's table may be of another Unicode
 * version; the text then differs for characters new in between, and reads back the same.
 */
export function quoteGo(bytes: Bytes): string {
  const buffer = asBuffer(bytes);
  const ascii = buffer.toString('latin1');
  if (plainAscii.test(ascii)) return ascii;
  if (!isUtf8(buffer)) return quotePieces(buffer);
  const text = buffer.toString('utf8');
  return allPlain.test(text) && !/["\\]/.test(text) ? text : quoteText(text);
}

/** The bytes that a quoted text stands for, or undefined when it is no such text. */
export function unquoteGo(text: string): Bytes | undefined {
  if (!text.includes('\\')) return Buffer.from(text, 'utf8');
  const pieces: Bytes[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\\', at);
    const end = next === -1 ? text.length : next;
    if (end > at) pieces.push(Buffer.from(text.slice(at, end), 'utf8'));
    if (next === -1) break;
    const escape = readEscape(text, next + 1);
    if (!escape) return undefined;
    pieces.push(escape.bytes);
    at = escape.end;
  }
  return Buffer.concat(pieces);
}

function quoteText(text: string): string {
  let quoted = '';
  for (const character of text) quoted += quoteCharacter(character);
  return quoted;
}

function quoteCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const short = shortEscapes.get(code);
  if (short !== undefined) return short;
  if (printable.test(character)) return character;
  if (code < 0x20 || code === 0x7f) return hexEscape('x', 2, code);
  return code < 0x1_0000 ? hexEscape('u', 4, code) : hexEscape('U', 8, code);
}

/** For bytes of which some are not UTF-8. */
function quotePieces(buffer: Buffer): string {
  let quoted = '';
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at);
    quoted +=
      length === 0
        ? hexEscape('x', 2, buffer.readUInt8(at))
        : quoteText(buffer.toString('utf8', at, at + length));
    at += length || 1;
  }
  return quoted;
}

function hexEscape(kind: 'x' | 'u' | 'U', digits: number, code: number): string {
  return `\\${kind}${code.toString(16).padStart(digits, '0')}`;
}

/** Reads what follows a backslash at `at`. */
function readEscape(text: string, at: number): { bytes: Bytes; end: number } | undefined {
  const kind = text.charAt(at);
  const short = shortUnescapes.get(kind);
  if (short !== undefined) return { bytes: Uint8Array.of(short), end: at + 1 };
  const digits = { x: 2, u: 4, U: 8 }[kind];
  if (digits === undefined) return undefined;
  const end = at + 1 + digits;
  const hex = text.slice(at + 1, end);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
  const code = Number.parseInt(hex, 16);
  if (kind === 'x') return { bytes: Uint8Array.of(code), end };
  const isCharacter = code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? { bytes: Buffer.from(String.fromCodePoint(code), 'utf8'), end } : undefined;
}

const plainText = /^[ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\u{10ffff}]*$/u;
const special = /[^ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\u{10ffff}]/gu;

const jsonEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * `text` as a JSON string exactly as Go's encoding/json writes it (since Go 1.22, which writes \b and \f short):
 * `<`, `>`, `&`, U+2028 and U+2029 are escaped, a lone surrogate becomes `\ufffd`, all else is raw.
 * Equal bytes matter because the name of a directory is the hash of its JSON.
 */
export function goJsonString(text: string): string {
  return plainText.test(text) ? `"${text}"` : `"${text.replace(special, escape)}"`;
}

function escape(character: string): string {
  const short = jsonEscapes[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  return code >= 0xd800 && code <= 0xdfff ? '\\ufffd' : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The bytes of the UTF-8 character that begins at `at`; 0 when none does, as Go's utf8.DecodeRune sees it. */
function characterLength(buffer: Buffer, at: number): number {
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
