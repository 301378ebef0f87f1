import { createHash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { scalarOf } from './spake2.ts';
import { wordList } from './word-list.ts';

/**
 * What one person reads to another so that two sites pair: `amber-river-falcon-oasis@vault.example:8446`. The words are the
 * secret, 32 bits of chance; the address says where whoever gave them answers.
 *
 * 32 bits are enough for what is tried once: whoever guesses is right once in 4,294,967,296 codes, and each wrong guess ends one.
 */
export interface PairingCode {
  /** In small letters, with dashes. */
  readonly words: string;
  /** `host:port` */
  readonly address: string;
}

/** Each is one of 256. */
const codeWords = 4;
/** Longer is no code, and is not looked at. */
const maxCodeLength = 400;

/** The words of a new code. */
export function chanceWords(): string {
  return wordsOf(randomBytes(codeWords));
}

/** The first bytes as words, for people to compare: as many as a code has. */
export function wordsOf(bytes: Bytes): string {
  if (bytes.length < codeWords) throw new TypeError('too few bytes for words');
  return [...bytes.subarray(0, codeWords)].map((byte) => wordList[byte]).join('-');
}

/** A code as it is shown. */
export function formatPairingCode({ words, address }: PairingCode): string {
  return `${words}@${address}`;
}

/**
 * Reads a code as somebody typed it: capitals, and blanks for dashes, will do. A word that is none is found here, before anything
 * is sent, since a code that is wrong there is burnt.
 * @throws HoldfastError `pairing_code_invalid`
 */
export function parsePairingCode(text: string): PairingCode {
  if (text.length > maxCodeLength) throw invalid(`has ${text.length} characters`);
  const at = text.lastIndexOf('@');
  if (at < 0) throw invalid('names no address');
  const words = text
    .slice(0, at)
    .trim()
    .toLowerCase()
    .split(/[\s-]+/);
  const unknown = words.find((word) => !wordList.includes(word));
  if (unknown !== undefined) throw invalid(`has ${JSON.stringify(unknown)}, which is none of its words`);
  if (words.length !== codeWords) throw invalid(`has ${words.length} words, expected ${codeWords}`);
  return { words: words.join('-'), address: checkAddress(text.slice(at + 1).trim()) };
}

function checkAddress(text: string): string {
  const url = URL.parse(`https://${text}`);
  const isPlain = url !== null && url.pathname === '/' && url.search === '' && url.username === '';
  if (isPlain && /:[0-9]{1,5}$/.test(text)) return text;
  throw invalid(`names the address ${JSON.stringify(text)}, expected HOST:PORT`);
}

function invalid(found: string): HoldfastError {
  return new HoldfastError('pairing_code_invalid', `the pairing code ${found}`);
}

/** What the code that was tried is remembered by. */
export function codeMark(code: PairingCode): string {
  return createHash('sha256').update(formatPairingCode(code)).digest('hex');
}

const scryptAsync = promisify(
  scrypt as (
    password: string,
    salt: string,
    length: number,
    options: { readonly N: number; readonly r: number; readonly p: number },
    done: (error: Error | null, key: Buffer) => void,
  ) => void,
);

/** The scalar that stands for the words (RFC 9382 §3.2): by a function that takes memory, as the RFC would have it. */
export async function passwordScalar(words: string): Promise<bigint> {
  return scalarOf(await scryptAsync(words, 'holdfast site pairing 1', 64, { N: 16_384, r: 8, p: 1 }));
}
