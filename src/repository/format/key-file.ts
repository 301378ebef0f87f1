import { randomBytes, scrypt } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../../base/index.ts';
import { referencePoly1305 } from '../kernel/poly1305.ts';
import { asBase64, asCount, asText, type JsonObject, parseJsonObject } from './go-text.ts';
import { encodeGoTime, parseGoTime } from './go-time.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey, splitKey, UnitCipher } from './unit.ts';

const saltSize = 64;

/** Who adds a key, and when. Other holders of a key can see it, and so can whoever stores the repository. */
export interface KeyOrigin {
  readonly hostname: string;
  readonly username: string;
  /** Nanoseconds since 1970. */
  readonly createdNs: bigint;
}

/** A key file: the master key, sealed under what scrypt makes of a password. */
export interface KeyFile {
  readonly origin: KeyOrigin;
  readonly cost: ScryptCost;
  readonly salt: Bytes;
  /** An encrypted unit. */
  readonly data: Bytes;
}

/** The JSON of a key file that opens the repository with `password` (restic design document, "Keys"). */
export async function createKeyFile(
  masterKey: Secret<MasterKey>,
  password: Secret<string>,
  origin: KeyOrigin,
  cost: ScryptCost,
): Promise<Bytes> {
  const salt = randomBytes(saltSize);
  const userKey = await deriveKey(password.reveal(), salt, cost);
  const data = new UnitCipher(userKey, referencePoly1305).seal(encodeMasterKey(masterKey.reveal()));
  const json = {
    created: encodeGoTime(origin.createdNs),
    username: origin.username,
    hostname: origin.hostname,
    kdf: 'scrypt',
    ...cost,
    salt: salt.toString('base64'),
    data: asBuffer(data).toString('base64'),
  };
  return Buffer.from(JSON.stringify(json));
}

/** Reads a key file; `repository_damaged`, naming `what`, for what cannot or must not be used. */
export function parseKeyFile(text: Bytes, what: string): KeyFile {
  const json = parseJsonObject(text, what);
  const cost = parseScryptCost(json);
  const salt = asBase64(json['salt']);
  const data = asBase64(json['data']);
  if (json['kdf'] !== 'scrypt' || !cost)
    throw malformed(what, 'it does not say scrypt with usable parameters');
  if (salt?.length !== saltSize || !data) throw malformed(what, 'it has no salt of 64 bytes or no data');
  return { origin: parseOrigin(json), cost, salt, data };
}

/** What it does not say is empty: nobody needs it to open anything. */
function parseOrigin(json: JsonObject): KeyOrigin {
  return {
    hostname: asText(json['hostname']) ?? '',
    username: asText(json['username']) ?? '',
    createdNs: parseGoTime(asText(json['created']) ?? '') ?? 0n,
  };
}

/** The master key, or undefined when the password is not the one of this key file. */
export async function openKeyFile(
  file: KeyFile,
  password: Secret<string>,
  what: string,
): Promise<Secret<MasterKey> | undefined> {
  const userKey = await deriveKey(password.reveal(), file.salt, file.cost);
  const json = new UnitCipher(userKey, referencePoly1305).unseal(file.data);
  return json && new Secret(parseMasterKey(parseJsonObject(json, what), what));
}

function malformed(what: string, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `${what}: ${why}`);
}

/** The cost of turning a password into a key (RFC 7914, 2). */
export interface ScryptCost {
  /** CPU and memory cost, a power of two. */
  readonly N: number;
  /** Block size; memory is 128 · N · r bytes. */
  readonly r: number;
  /** How often, one after the other. */
  readonly p: number;
}

/** For a password of 256 random bits, which no cost makes harder to guess: a few milliseconds, each time that a repository is opened. */
export const randomPasswordCost: ScryptCost = { N: 1024, r: 8, p: 1 };
/** The least that restic ever chooses for passwords of people, a tenth of a second. */
const leastCost: ScryptCost = { N: 32_768, r: 8, p: 1 };
const targetMs = 500;
const mostRounds = 16;

/** Bounds for the cost in a key file that somebody else may have written: 512 MiB and some ten seconds. */
const maxMemoryBytes = 2 ** 29;
const maxWork = 2 ** 25;

/** A cost that takes at most about 500 ms and 32 MiB on this machine, as restic chooses it. */
export async function calibrateScrypt(): Promise<ScryptCost> {
  const start = performance.now();
  await deriveKey('calibration', new Uint8Array(64), leastCost);
  const rounds = Math.floor(targetMs / (performance.now() - start));
  return { ...leastCost, p: Math.min(mostRounds, Math.max(1, rounds)) };
}

/** The cost that a key file names, or undefined when it is no cost or one that would stop this machine. */
function parseScryptCost(json: JsonObject): ScryptCost | undefined {
  const [N, r, p] = [asCount(json['N']), asCount(json['r']), asCount(json['p'])];
  if (!N || !r || !p) return undefined;
  const isPowerOfTwo = N > 1 && 2 ** Math.round(Math.log2(N)) === N;
  return isPowerOfTwo && 128 * N * r <= maxMemoryBytes && N * r * p <= maxWork ? { N, r, p } : undefined;
}

/** The key that seals the master key: scrypt(password, salt), 64 bytes. Runs off the main thread. */
async function deriveKey(password: string, salt: Bytes, cost: ScryptCost): Promise<MasterKey> {
  const options = { ...cost, maxmem: 2 * maxMemoryBytes };
  return new Promise((resolve, reject) => {
    scrypt(password, asBuffer(salt), 64, options, (error, derived) =>
      error ? reject(error) : resolve(splitKey(derived)),
    );
  });
}
