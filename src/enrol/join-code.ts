import { hash } from 'node:crypto';
import { type Bytes, concatBytes, equalBytes, fromHex, HoldfastError, Secret } from '../base/index.ts';
import {
  type Fingerprint,
  isNamePattern,
  isNetworkName,
  isNodeName,
  matchesNamePattern,
  parseFingerprint,
  type Role,
  roles,
} from '../pki/index.ts';

/** What a machine needs to become a node: whom to ask, how to know it, and the right to ask. */
export interface JoinCode {
  /** `host:port` of the listeners that enrol, tried in this order. */
  readonly addresses: readonly string[];
  /** Of the root's DER. */
  readonly fingerprint: Fingerprint;
  readonly network: string;
  readonly role: Role;
  /** The name it stands for, or a pattern of names: one with a `*` in it. */
  readonly name: string;
  /** {@link joinSecretBytes} random bytes; whoever has them can become the node, once; or one for each use of a pattern. */
  readonly secret: Secret<Bytes>;
}

export const joinSecretBytes = 16;
const prefix = 'hf1-';
const fingerprintBytes = 32;
const checksumBytes = 4;
const maxTextLength = 2048;

/**
 * The code as text: `hf1-` and base 32 of fingerprint, secret, role, name, network and addresses, and the first four
 * bytes of the SHA-256 of all that, which tell a typing error from a code that nobody gave out. It is a secret.
 */
export function encodeJoinCode(code: JoinCode): string {
  const body = encodeBody(code);
  const text = prefix + encodeCrockford(concatBytes(body, checksum(body)));
  if (text.length > maxTextLength) throw new TypeError('too many addresses for a join code');
  return text;
}

/**
 * Reads a join code; blanks, line breaks and hyphens that copying put into it do not matter.
 * @throws HoldfastError `join_code_malformed`
 */
export function parseJoinCode(text: string): JoinCode {
  const compact = text.replaceAll(/\s/g, '').toLowerCase();
  if (!compact.startsWith(prefix)) throw malformed(`it does not begin with ${prefix}`);
  if (compact.length > maxTextLength) throw malformed('it is too long');
  const bytes = decodeCrockford(compact.slice(prefix.length).replaceAll('-', ''));
  const body = bytes?.subarray(0, -checksumBytes);
  if (bytes === undefined || body === undefined || !equalBytes(checksum(body), bytes.subarray(body.length))) {
    throw malformed('a character is wrong or missing');
  }
  return decodeBody(body);
}

/**
 * The code for one machine: what stands for a pattern of names gets the name that is wanted, which the pattern must let
 * through. One for a single name needs none.
 * @throws HoldfastError `name_invalid` for a name that the code does not stand for
 */
export function joinCodeFor(code: JoinCode, name = code.name): JoinCode {
  if (matchesNamePattern(code.name, name)) return { ...code, name };
  if (isNamePattern(name)) {
    throw new HoldfastError(
      'name_invalid',
      `the join code stands for names like ${code.name}, expected one of them`,
      {
        hint: `say which one: holdfast join --name ${code.name.replace('*', '1')}`,
      },
    );
  }
  throw new HoldfastError('name_invalid', `the join code stands for ${code.name}, and not for ${name}`, {
    hint: 'ask for a code for this name: holdfast token create NAME at the server',
  });
}

function encodeBody(code: JoinCode): Bytes {
  const writer = new FieldWriter();
  writer.bytes(fromHex(code.fingerprint.slice('SHA256:'.length).replaceAll(':', '')));
  writer.bytes(code.secret.reveal());
  writer.byte(roles.indexOf(code.role));
  writer.text(code.name);
  writer.text(code.network);
  writer.byte(code.addresses.length);
  for (const address of code.addresses) writer.text(address);
  return writer.finish();
}

function decodeBody(body: Bytes): JoinCode {
  const reader = new FieldReader(body);
  const fingerprint = parseFingerprint(Buffer.from(reader.bytes(fingerprintBytes)).toString('hex'));
  const secret = new Secret(reader.bytes(joinSecretBytes));
  const role = roles[reader.byte()];
  const name = reader.text();
  const network = reader.text();
  const addresses = Array.from({ length: reader.byte() }, () => reader.text());
  const sound =
    !reader.failed && reader.done && (isNodeName(name) || isNamePattern(name)) && isNetworkName(network);
  if (!sound || role === undefined || fingerprint === undefined || !addresses.every(isEnrolAddress)) {
    throw malformed('its contents make no sense; it may be of a newer version');
  }
  return { addresses, fingerprint, network, role, name, secret };
}

function checksum(body: Bytes): Bytes {
  return hash('sha256', body, 'buffer').subarray(0, checksumBytes);
}

function malformed(problem: string): HoldfastError {
  return new HoldfastError('join_code_malformed', `this is not a join code as it was printed: ${problem}`, {
    hint: 'copy the whole code again, from hf1- to its end',
  });
}

const pattern = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;

/** Whether `text` is `host:port`, an IPv6 address in brackets. */
export function isEnrolAddress(text: string): boolean {
  const port = Number(pattern.exec(text)?.[1]);
  return port >= 1 && port <= 65535 && URL.canParse(`https://${text}`);
}

const maxTextBytes = 255;

/** Puts fields one behind the other: bytes of a known length, or text of up to 255 bytes behind its length. */
class FieldWriter {
  readonly #parts: Bytes[] = [];

  byte(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 255) throw new TypeError(`not a byte: ${value}`);
    this.#parts.push(Uint8Array.of(value));
  }

  bytes(value: Bytes): void {
    this.#parts.push(value);
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    if (bytes.length > maxTextBytes) throw new TypeError(`too long: ${value}`);
    this.byte(bytes.length);
    this.bytes(bytes);
  }

  finish(): Bytes {
    return concatBytes(...this.#parts);
  }
}

/** Reads what {@link FieldWriter} wrote. Past the end it gives zeros and has `failed`, to be looked at once at the end. */
class FieldReader {
  readonly #bytes: Bytes;
  #position = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#position > this.#bytes.length;
  }

  get done(): boolean {
    return this.#position === this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  bytes(length: number): Bytes {
    const start = this.#position;
    this.#position += length;
    return this.#bytes.slice(start, this.#position);
  }

  text(): string {
    return Buffer.from(this.bytes(this.byte())).toString('utf8');
  }
}

/** Crockford's base 32: no letter that looks like a digit, no case to get wrong (crockford.com/base32.html). */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const lookalikes: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

/** Base 32 in lower case, without a check digit; the last character is filled up with zero bits. */
export function encodeCrockford(bytes: Bytes): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}

/** The bytes that {@link encodeCrockford} wrote, in any case and with `o` for 0 and `i` or `l` for 1; else undefined. */
export function decodeCrockford(text: string): Bytes | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text.toLowerCase()) {
    const digit = alphabet.indexOf(lookalikes[character] ?? character);
    if (digit < 0) return undefined;
    value = (value << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(value >> bits);
    value &= (1 << bits) - 1;
  }
  return bits >= 5 || value !== 0 ? undefined : Uint8Array.from(bytes);
}
