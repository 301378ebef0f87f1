import { type Bytes, HoldfastError } from '../../base/index.ts';

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
