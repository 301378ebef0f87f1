import { randomBytes } from 'node:crypto';
import { type Bytes, HoldfastError, toHex } from '../../base/index.ts';
import { asText, parseJsonObject } from './json-object.ts';
import { encodePolynomial, type Polynomial, parsePolynomial, randomPolynomial } from './polynomial.ts';

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
export function newConfig(): RepositoryConfig {
  return { version: 2, id: toHex(randomBytes(32)), polynomial: randomPolynomial() };
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
