import { scrypt } from 'node:crypto';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { asCount, type JsonObject } from './json-object.ts';
import { type MasterKey, splitKey } from './master-key.ts';

/** The cost of turning a password into a key (RFC 7914, 2). */
export interface ScryptCost {
  /** CPU and memory cost, a power of two. */
  readonly N: number;
  /** Block size; memory is 128 · N · r bytes. */
  readonly r: number;
  /** How often, one after the other. */
  readonly p: number;
}

/**
 * For a password of 256 random bits, which no cost makes harder to guess: the least that restic ever chooses, a tenth of a
 * second.
 */
export const randomPasswordCost: ScryptCost = { N: 32_768, r: 8, p: 1 };
const targetMs = 500;
const mostRounds = 16;

/** Bounds for the cost in a key file that somebody else may have written: 512 MiB and some ten seconds. */
const maxMemoryBytes = 2 ** 29;
const maxWork = 2 ** 25;

/** A cost that takes at most about 500 ms and 32 MiB on this machine, as restic chooses it. */
export async function calibrateScrypt(): Promise<ScryptCost> {
  const start = performance.now();
  await deriveKey('calibration', new Uint8Array(64), randomPasswordCost);
  const rounds = Math.floor(targetMs / (performance.now() - start));
  return { ...randomPasswordCost, p: Math.min(mostRounds, Math.max(1, rounds)) };
}

/** The cost that a key file names, or undefined when it is no cost or one that would stop this machine. */
export function parseScryptCost(json: JsonObject): ScryptCost | undefined {
  const [N, r, p] = [asCount(json['N']), asCount(json['r']), asCount(json['p'])];
  if (!N || !r || !p) return undefined;
  const isPowerOfTwo = N > 1 && 2 ** Math.round(Math.log2(N)) === N;
  return isPowerOfTwo && 128 * N * r <= maxMemoryBytes && N * r * p <= maxWork ? { N, r, p } : undefined;
}

/** The key that seals the master key: scrypt(password, salt), 64 bytes. Runs off the main thread. */
export async function deriveKey(password: string, salt: Bytes, cost: ScryptCost): Promise<MasterKey> {
  const options = { ...cost, maxmem: 2 * maxMemoryBytes };
  return new Promise((resolve, reject) => {
    scrypt(password, asBuffer(salt), 64, options, (error, derived) =>
      error ? reject(error) : resolve(splitKey(derived)),
    );
  });
}
