import { createHash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import { blockBytes } from '../archive/arena.ts';
import { packTargetBytes } from '../archive/pack-writer.ts';
import { BlockChain } from '../archive/unit-writer.ts';
import type { PackedBlob } from '../format/blob.ts';
import { encodePackHeader, maxHeaderBytes, packEntrySize, packOverhead } from '../format/pack-header.ts';
import type { UnitCipher } from '../format/unit.ts';

/** A finished pack of blobs that were encrypted before. */
export interface CopiedPack {
  /** Raw SHA-256. */
  readonly id: Bytes;
  readonly body: readonly Uint8Array[];
  readonly size: number;
  /** The plaintext of its header. */
  readonly header: Bytes;
}

/**
 * One open pack of one type of blobs. They are taken as they are stored: what is encrypted stands for itself wherever it is (restic
 * design document, "Pack Format"), so that nothing is encrypted a second time.
 */
export class OpenCopy {
  readonly #chain = new BlockChain({ take: () => new Uint8Array(blockBytes) });
  readonly #blobs: PackedBlob[] = [];
  #headerBytes = 0;

  /** Whether nothing was added. */
  get isEmpty(): boolean {
    return this.#blobs.length === 0;
  }

  /** Whether it is as large as packs are made. */
  get isFull(): boolean {
    return (
      this.#chain.size + this.#headerBytes + packOverhead >= packTargetBytes ||
      this.#headerBytes + 64 > maxHeaderBytes
    );
  }

  /** Adds an encrypted blob. */
  add(unit: Bytes, blob: Pick<PackedBlob, 'id' | 'type' | 'plainLength'>): void {
    const { id, type, plainLength } = blob;
    const place = { id, type, offset: this.#chain.size, length: unit.length };
    const packed: PackedBlob = plainLength === undefined ? place : { ...place, plainLength };
    this.#chain.append(unit);
    this.#blobs.push(packed);
    this.#headerBytes += packEntrySize(plainLength !== undefined);
  }

  /** Closes the pack; nothing can be added any more. */
  finish(cipher: UnitCipher): CopiedPack {
    const header = encodePackHeader(this.#blobs);
    const sealed = cipher.seal(header);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(sealed.length);
    this.#chain.append(sealed);
    this.#chain.append(length);
    const body = this.#chain.views;
    const sum = createHash('sha256');
    for (const view of body) sum.update(view);
    return { id: sum.digest(), body, size: this.#chain.size, header };
  }
}
