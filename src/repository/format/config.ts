import { randomBytes } from 'node:crypto';
import { type Bytes, HoldfastError, toHex } from '../../base/index.ts';
import { asText, parseJsonObject } from './go-text.ts';

/** The versions of the repository format that can be read. The second one added compression. */
export type RepositoryVersion = 1 | 2;

/** What a repository's `config` says (restic design document, "Repository Format"). */
export interface RepositoryConfig {
  readonly version: RepositoryVersion;
  /** 64 hexadecimal digits, random. */
  readonly id: string;
  /** What cuts files into blobs. */
  readonly polynomial: Polynomial;
}

/** The config of a new repository of version 2. */
export function newConfig(polynomial = randomPolynomial()): RepositoryConfig {
  return { version: 2, id: toHex(randomBytes(32)), polynomial };
}

/** The JSON of a config. */
export function encodeConfig(config: RepositoryConfig): Bytes {
  const { version, id, polynomial } = config;
  return Buffer.from(JSON.stringify({ version, id, chunker_polynomial: encodePolynomial(polynomial) }));
}

/**
 * Reads the JSON of a config. `repository_unsupported` for a version other than 1 and 2; `repository_damaged` when
 * there is no id or the polynomial is none that cuts well.
 */
export function parseConfig(text: Bytes, location: string): RepositoryConfig {
  const what = `the config of ${location}`;
  const json = parseJsonObject(text, what);
  const { version } = json;
  if (version !== 1 && version !== 2) {
    const message = `${location} has format version ${JSON.stringify(version)}, this program reads 1 and 2`;
    throw new HoldfastError('repository_unsupported', message, { hint: 'use a newer version of holdfast' });
  }
  const id = asText(json['id']);
  const polynomial = parsePolynomial(json['chunker_polynomial']);
  if (!id) throw new HoldfastError('repository_damaged', `${what} has no id`);
  if (polynomial) return { version, id, polynomial };
  throw new HoldfastError('repository_damaged', `${what} has no irreducible polynomial of degree 53`);
}

/**
 * A polynomial over GF(2): bit i is the coefficient of x^i. The chunker's is irreducible, of degree 53, and each
 * repository's own, so that where files are cut does not tell what is in them (restic/chunker, "polynomials").
 */
export type Polynomial = bigint;

const chunkerDegree = 53;

/** A random irreducible polynomial of degree 53. About one candidate in thirteen is one. */
export function randomPolynomial(): Polynomial {
  const top = 1n << BigInt(chunkerDegree);
  for (;;) {
    const candidate = (randomBytes(8).readBigUInt64LE() % top) | top | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

/** Lowercase hexadecimal, as the repository's config has it. */
export function encodePolynomial(polynomial: Polynomial): string {
  return polynomial.toString(16);
}

/** A chunker's polynomial from hexadecimal; undefined unless it is irreducible and of degree 53. */
export function parsePolynomial(text: unknown): Polynomial | undefined {
  if (typeof text !== 'string' || !/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const polynomial = BigInt(`0x${text}`);
  return degree(polynomial) === chunkerDegree && isIrreducible(polynomial) ? polynomial : undefined;
}

/**
 * Ben-Or's test: p is irreducible when it shares no factor with x^(2^i) − x for i up to half its degree, since that
 * product holds every irreducible polynomial whose degree divides i.
 */
export function isIrreducible(p: Polynomial): boolean {
  if (degree(p) < 1) return false;
  let power = remainder(2n, p);
  for (let i = 1; i <= degree(p) / 2; i++) {
    power = multiplyModulo(power, power, p);
    if (greatestCommonDivisor(p, power ^ remainder(2n, p)) !== 1n) return false;
  }
  return true;
}

/** The degree; −1 for the zero polynomial. */
export function degree(p: Polynomial): number {
  return p === 0n ? -1 : p.toString(2).length - 1;
}

/** `a` modulo `p`; `p` is not zero. */
export function remainder(a: Polynomial, p: Polynomial): Polynomial {
  const size = degree(p);
  let rest = a;
  for (let distance = degree(rest) - size; distance >= 0; distance = degree(rest) - size) {
    rest ^= p << BigInt(distance);
  }
  return rest;
}

/** `a` · `b` modulo `p`. */
export function multiplyModulo(a: Polynomial, b: Polynomial, p: Polynomial): Polynomial {
  let product = 0n;
  let factor = remainder(a, p);
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) product ^= factor;
    factor = remainder(factor << 1n, p);
  }
  return remainder(product, p);
}

/** The polynomial of the highest degree that divides both. */
export function greatestCommonDivisor(a: Polynomial, b: Polynomial): Polynomial {
  let [greater, lesser] = [a, b];
  while (lesser !== 0n) [greater, lesser] = [lesser, remainder(greater, lesser)];
  return greater;
}
