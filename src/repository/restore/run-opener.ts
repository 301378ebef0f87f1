import { createDecipheriv, createSecretKey, type Decipheriv, hash, type KeyObject } from 'node:crypto';
import { asBuffer, type Bytes, equalSecrets, freeBytes, HoldfastError, toHex } from '../../base/index.ts';
import { mostPlainBytes } from '../format/blob.ts';
import { ZstdDecoder } from '../format/compression.ts';
import {
  addToCounter,
  blockCount,
  blockSize,
  type MasterKey,
  UnitCipher,
  unitOverhead,
} from '../format/unit.ts';
import { createPoly1305 } from '../kernel/poly1305.ts';
import type { RunBlobs } from './content-run.ts';

const idSize = 32;
const padding = new Uint8Array(blockSize);
/** From here on a `Buffer` has its memory to itself. */
const largeBytes = 64 * 1024;

/** Opens the blobs of runs: tag, decryption, decompression and SHA-256. For one worker. */
export class RunOpener {
  readonly #cipher: UnitCipher;
  readonly #stream: CounterStream;
  readonly #decoder = new ZstdDecoder();
  #decrypted: Buffer = Buffer.alloc(0);

  constructor(key: MasterKey) {
    this.#cipher = new UnitCipher(key, createPoly1305());
    this.#stream = new CounterStream(key.encrypt);
  }

  /** The plaintext of blob `index`, good until the next call; `repository_damaged` says which check failed. */
  open(bytes: Bytes, blobs: RunBlobs, index: number): Bytes {
    const offset = blobs.offsets[index] ?? 0;
    const unit = bytes.subarray(offset, offset + (blobs.lengths[index] ?? 0));
    const id = blobs.ids.subarray(index * idSize, (index + 1) * idSize);
    const plainLength = blobs.plainLengths[index] ?? 0;
    const type = blobs.trees[index] === 1 ? 'tree' : 'data';
    const damaged = (what: string, cause?: unknown): HoldfastError =>
      new HoldfastError('repository_damaged', `${type} blob ${toHex(id)} ${what}`, { cause });
    const most = mostPlainBytes(type, unit.length);
    if (plainLength > most) throw damaged(`would have ${plainLength} bytes, and has ${most} at most`);
    const stored = this.#unseal(unit);
    if (stored === undefined)
      throw damaged('does not authenticate: its bytes are not those that were written');
    const plaintext = blobs.compressed[index] === 1 ? this.#inflate(stored, plainLength, damaged) : stored;
    const found = hash('sha256', plaintext, 'buffer');
    if (!found.equals(id)) throw damaged(`holds something else: SHA-256 ${toHex(found)}`);
    if (plaintext.length !== plainLength) throw damaged(`has ${plaintext.length} bytes, not ${plainLength}`);
    return plaintext;
  }

  /** What is stored of the blob that was opened last, decrypted: the same, or compressed. Good until the next call. */
  get stored(): Bytes {
    return this.#decrypted;
  }

  #unseal(unit: Bytes): Bytes | undefined {
    if (unit.length < unitOverhead) return undefined;
    const nonce = unit.subarray(0, blockSize);
    const ciphertext = unit.subarray(blockSize, unit.length - (unitOverhead - blockSize));
    const tag = this.#cipher.tag(nonce, ciphertext);
    if (isZero(nonce) || !equalSecrets(tag, unit.subarray(unit.length - tag.length))) return undefined;
    if (this.#decrypted.length >= largeBytes) freeBytes(this.#decrypted);
    this.#decrypted = this.#stream.decrypt(nonce, ciphertext);
    return this.#decrypted;
  }

  #inflate(
    frame: Bytes,
    plainLength: number,
    damaged: (what: string, cause: unknown) => HoldfastError,
  ): Bytes {
    try {
      return this.#decoder.decode(frame, plainLength);
    } catch (cause) {
      throw damaged(`does not decompress to ${plainLength} bytes`, cause);
    }
  }
}

/**
 * AES-256-CTR that keeps its cipher from blob to blob while each nonce is the counter at which the last blob ended, as it
 * is in packs written here; making a cipher costs as much as decrypting 8 kB.
 */
class CounterStream {
  readonly #key: KeyObject;
  #cipher: Decipheriv | undefined;
  /** The counter at which the cipher stands. */
  #next: Bytes = padding;

  constructor(key: Bytes) {
    // A cipher is made in a quarter of the time when it need not make this first.
    this.#key = createSecretKey(key);
  }

  decrypt(nonce: Bytes, ciphertext: Bytes): Buffer {
    if (this.#cipher === undefined || asBuffer(nonce).compare(this.#next) !== 0) {
      this.#cipher = createDecipheriv('aes-256-ctr', this.#key, nonce);
    }
    const plaintext = this.#cipher.update(ciphertext);
    const rest = ciphertext.length % blockSize;
    if (rest > 0) this.#cipher.update(padding.subarray(rest));
    this.#next = addToCounter(nonce, blockCount(ciphertext.length));
    return plaintext;
  }
}

function isZero(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}
