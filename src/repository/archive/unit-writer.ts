import { type Cipheriv, createCipheriv, randomBytes } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import { addToCounter, blockCount, blockSize, type MasterKey } from '../format/unit.ts';
import { Poly1305Kernel } from '../kernel/poly1305.ts';
import { blockBytes, type Corner, stagingBytes } from './arena.ts';

/** What one call encrypts. The cipher answers in new memory: of this size it is used again at once, of 64 KiB the system gives and takes it. */
const pieceBytes = 8 * 1024;
const tagBytes = 16;

/** How many bytes behind a plaintext are read, and encrypted for nothing, to end at a block border. */
export const plaintextSlack = blockSize - 1;

/**
 * Writes encrypted units, `nonce ‖ ciphertext ‖ tag`, into block chains.
 *
 * One AES-CTR stream that begins at a random counter serves all units of a sealer: each unit begins at a border of the
 * stream's blocks, and its nonce is the counter there. No counter is ever used twice, and a cipher for each
 * small file, which costs ten times its encryption, is saved.
 */
export class UnitWriter {
  readonly #stream: Cipheriv;
  readonly #nonceCipher: Cipheriv;
  readonly #macR: Bytes;
  readonly #poly1305: Poly1305Kernel;
  readonly #memory: SharedArrayBuffer;
  readonly #staging: Uint8Array;
  readonly #tag: Uint8Array;
  #counter: Bytes = randomBytes(blockSize);

  constructor(memory: WebAssembly.Memory, corner: Corner, key: MasterKey) {
    const { state, staging } = corner;
    this.#memory = memory.buffer;
    this.#poly1305 = new Poly1305Kernel(memory, state);
    this.#staging = new Uint8Array(this.#memory, staging, stagingBytes - tagBytes);
    this.#tag = new Uint8Array(this.#memory, staging + stagingBytes - tagBytes, tagBytes);
    this.#stream = createCipheriv('aes-256-ctr', key.encrypt, this.#counter);
    this.#nonceCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false);
    this.#macR = key.macR;
  }

  /** Seals the first `length` bytes of `plaintext`, behind which there must be {@link plaintextSlack} more. */
  write(chain: BlockChain, plaintext: Bytes, length: number): void {
    chain.append(this.#counter);
    this.#poly1305.begin(this.#macR, this.#nonceCipher.update(this.#counter));
    const padded = blockCount(length) * blockSize;
    for (let at = 0; at < padded; at += pieceBytes) {
      const end = Math.min(at + pieceBytes, padded);
      const ciphertext = this.#stream.update(plaintext.subarray(at, end));
      this.#authenticate(chain, ciphertext.subarray(0, length - at), end === padded);
    }
    chain.append(this.#tag);
    this.#counter = addToCounter(this.#counter, padded / blockSize);
  }

  #authenticate(chain: BlockChain, ciphertext: Bytes, isLast: boolean): void {
    const at = this.#inMemory(chain.append(ciphertext)) ?? this.#stage(ciphertext);
    if (isLast) this.#poly1305.finish(at, ciphertext.length, this.#tag.byteOffset);
    else this.#poly1305.update(at, ciphertext.length);
  }

  #inMemory(view: Uint8Array | undefined): number | undefined {
    return view?.buffer === this.#memory ? view.byteOffset : undefined;
  }

  #stage(bytes: Bytes): number {
    this.#staging.set(bytes);
    return this.#staging.byteOffset;
  }
}

/** Where the blocks of a chain come from: the arena, or ordinary memory for what does not fit there. */
export interface BlockSource {
  /** A new block of {@link blockBytes}. */
  take(): Uint8Array;
}

/** Bytes written one after the other into as many blocks as they need. */
export class BlockChain {
  readonly #source: BlockSource;
  readonly #blocks: Uint8Array[] = [];
  #size = 0;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#size;
  }

  /** What was written, as views. */
  get views(): Uint8Array[] {
    return this.#blocks.map((block, n) => block.subarray(0, this.#size - n * blockBytes));
  }

  /** @returns where the bytes are when all of them came to lie in one block, undefined when not */
  append(bytes: Bytes): Uint8Array | undefined {
    const first = this.#room();
    const fits = Math.min(bytes.length, first.length);
    first.set(bytes.subarray(0, fits));
    this.#size += fits;
    if (fits === bytes.length) return first.subarray(0, fits);
    this.append(bytes.subarray(fits));
    return undefined;
  }

  #room(): Uint8Array {
    const used = this.#size % blockBytes;
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#size < this.#blocks.length * blockBytes) return last.subarray(used);
    const block = this.#source.take();
    this.#blocks.push(block);
    return block;
  }
}
