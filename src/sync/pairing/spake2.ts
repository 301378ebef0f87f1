import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { type Bytes, concatBytes, equalSecrets, HoldfastError } from '../../base/index.ts';

/** Party A begins, party B answers (RFC 9382 §3.3). */
export type Spake2Party = 'A' | 'B';

/** What both parties know of each other, and of the line between them. */
export interface Spake2Setting {
  readonly identityA: Bytes;
  readonly identityB: Bytes;
  /** What the keys of the confirmation are bound to besides (RFC 9382 §3.3, AAD). */
  readonly additional: Bytes;
}

/** What an exchange comes to. Nothing of it proves anything before the other party's confirmation has been checked. */
export interface Spake2Outcome {
  /** The key that both have, 16 bytes (Ke). */
  readonly key: Bytes;
  /** What this party sends to prove that it knew the password. */
  readonly confirmation: Bytes;
  /** Whether the other party has proved that it knew it, in a time that does not tell how far it was right. */
  confirms(theirs: Bytes): boolean;
}

const { Point } = p256;
type Point = InstanceType<typeof Point>;

/** The two points of the suite that nobody knows the logarithm of (RFC 9382 §4). */
const M = Point.fromHex('02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f');
const N = Point.fromHex('03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49');

/** Of the group, and so the bound of every scalar. */
const order = Point.Fn.ORDER;
const scalarBytes = 32;
const pointBytes = 65;
/** Half of SHA-256 each: Ke and Ka, KcA and KcB. */
const halfBytes = 16;

/**
 * One party of SPAKE2 with P-256, SHA-256, HKDF and HMAC (RFC 9382): both show that they know the same password, and whoever
 * listens or speaks in the place of one learns no more than whether one guess was right.
 */
export class Spake2 {
  /** What is sent to the other party: an uncompressed point. */
  readonly share: Bytes;
  readonly #party: Spake2Party;
  readonly #password: bigint;
  readonly #secret: bigint;

  /**
   * @param password from 1 to below the order of the group; see {@link scalarOf}
   * @param secret one by chance unless given, as the vectors of the RFC do
   */
  constructor(party: Spake2Party, password: bigint, secret: bigint = randomScalar()) {
    this.#party = party;
    this.#password = password;
    this.#secret = secret;
    const blind = (party === 'A' ? M : N).multiply(password);
    this.share = Point.BASE.multiply(secret).add(blind).toBytes(false);
  }

  /**
   * Works out the key from the share of the other party.
   * @throws HoldfastError `pairing_refused` for a share that is no point of the curve, or from which the identity follows
   */
  finish(theirs: Bytes, { identityA, identityB, additional }: Spake2Setting): Spake2Outcome {
    const blind = (this.#party === 'A' ? N : M).multiply(this.#password);
    const shared = readPoint(theirs).subtract(blind);
    // The group has no cofactor: who sends the other's blinding alone would know the key (RFC 9382 §3.3, §7).
    if (shared.is0()) throw noPoint('is one from which no key follows');
    const common = shared.multiply(this.#secret).toBytes(false);
    const [shareA, shareB] = this.#party === 'A' ? [this.share, theirs] : [theirs, this.share];
    const transcript = concatBytes(
      ...[identityA, identityB, shareA, shareB, common, scalarToBytes(this.#password)].flatMap(counted),
    );
    return outcomeOf(this.#party, transcript, additional);
  }
}

/** A scalar from bytes: 16 more of them than the order has leave no bias (RFC 9382 §3.2). */
export function scalarOf(bytes: Bytes): bigint {
  if (bytes.length < scalarBytes + halfBytes) throw new TypeError('too few bytes for a scalar');
  return (BigInt(`0x${Buffer.from(bytes).toString('hex')}`) % (order - 1n)) + 1n;
}

function randomScalar(): bigint {
  return scalarOf(randomBytes(scalarBytes + halfBytes));
}

/** The key schedule and the confirmations (RFC 9382 §4). */
function outcomeOf(party: Spake2Party, transcript: Bytes, additional: Bytes): Spake2Outcome {
  const hash = createHash('sha256').update(transcript).digest();
  const confirming = hash.subarray(halfBytes);
  const info = concatBytes(Buffer.from('ConfirmationKeys'), additional);
  const keys = Buffer.from(hkdfSync('sha256', confirming, new Uint8Array(), info, 2 * halfBytes));
  const macBy = (key: Bytes): Bytes => createHmac('sha256', key).update(transcript).digest();
  const ofA = macBy(keys.subarray(0, halfBytes));
  const ofB = macBy(keys.subarray(halfBytes));
  const [own, expected] = party === 'A' ? [ofA, ofB] : [ofB, ofA];
  return {
    key: hash.subarray(0, halfBytes),
    confirmation: own,
    confirms: (theirs) => equalSecrets(theirs, expected),
  };
}

/** Uncompressed points of the curve alone: no other form, and not the point at infinity, which has none (SEC 1 §2.3.4). */
function readPoint(bytes: Bytes): Point {
  if (bytes.length !== pointBytes) throw noPoint(`has ${bytes.length} bytes, expected ${pointBytes}`);
  try {
    return Point.fromBytes(bytes);
  } catch (cause) {
    throw noPoint('is no point of the curve', cause);
  }
}

function noPoint(found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('pairing_refused', `the share of the other side ${found}`, { cause });
}

function scalarToBytes(scalar: bigint): Bytes {
  return Buffer.from(scalar.toString(16).padStart(2 * scalarBytes, '0'), 'hex');
}

/** Eight bytes with the length, the lowest first, and what is of that length (RFC 9382 §3.3). */
function counted(part: Bytes): [Bytes, Bytes] {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(part.length));
  return [length, part];
}
