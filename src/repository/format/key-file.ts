import { randomBytes } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../../base/index.ts';
import { encodeGoTime } from './go-time.ts';
import { asBase64, parseJsonObject } from './json-object.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey } from './master-key.ts';
import { referencePoly1305 } from './poly1305.ts';
import { deriveKey, parseScryptCost, type ScryptCost } from './scrypt.ts';
import { UnitCipher } from './unit.ts';

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
  return { cost, salt, data };
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
