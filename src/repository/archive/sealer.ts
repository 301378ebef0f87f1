import { hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { Bytes } from '../../base/index.ts';
import { type Arena, controlWords } from './arena.ts';
import { BlockPool } from './block-pool.ts';
import { KnownBlobs } from './known-blobs.ts';
import type { Batch, PackReply, SealerData, SealerReply, SealerRequest } from './messages.ts';
import { PackWriter } from './pack-writer.ts';
import { endLease } from './read-ring.ts';
import { plaintextSlack, UnitWriter } from './unit-writer.ts';
import { ZstdEncoder } from './zstd-encoder.ts';

const idBytes = 32;
/**
 * zstd's level: 1 below this many bytes, 2 from there on. With it packs are within 3 % of restic's; level 1 for all would
 * store up to 29 % more of large files, and level 2 for all makes small ones slower, and no smaller.
 */
const levelTwoBytes = 64 * 1024;

/**
 * Hashes, looks up, compresses, encrypts and packs what the scanner has read. There is one for each core; each has an open
 * pack of its own, and the scanner chooses among them at random, so that the lengths of a file's chunks cannot
 * be read off a pack.
 */
class Sealer {
  readonly #arena: Arena;
  readonly #data: SealerData;
  readonly #bytes: Uint8Array;
  readonly #fastEncoder = new ZstdEncoder(1);
  readonly #denseEncoder = new ZstdEncoder(2);
  readonly #queued: Int32Array;
  readonly #files: PackWriter;
  readonly #trees: PackWriter;
  readonly #reply: (reply: SealerReply) => void;
  #known: KnownBlobs;
  /** What came while the sealer is parked; undefined when it is not. */
  #parked: Batch[] | undefined;

  constructor(data: SealerData, reply: (reply: SealerReply) => void) {
    const { arena, sealer, masterKey } = data;
    const pool = new BlockPool(arena);
    const writer = new UnitWriter(arena, sealer, masterKey);
    const onPack = (pack: PackReply): void => reply({ kind: 'pack', ...pack });
    this.#arena = arena;
    this.#data = data;
    this.#bytes = new Uint8Array(arena.memory.buffer);
    this.#queued = controlWords(arena).queued;
    this.#files = new PackWriter(arena, pool, writer, onPack);
    this.#trees = new PackWriter(arena, pool, writer, onPack);
    this.#known = new KnownBlobs(data.known);
    this.#reply = reply;
  }

  onRequest(request: SealerRequest): void {
    switch (request.kind) {
      case 'tree':
        this.#sealTree(request.plaintext);
        break;
      case 'flush':
        this.#files.flush();
        this.#trees.flush();
        this.#reply({ kind: 'flushed' });
        break;
      case 'park':
        this.#parked ??= [];
        this.#reply({ kind: 'parked' });
        break;
      case 'known':
        this.#resume(new KnownBlobs(request.table));
        break;
    }
  }

  onBatch(batch: Batch): void {
    if (this.#parked) this.#parked.push(batch);
    else this.#sealBatch(batch);
  }

  #resume(known: KnownBlobs): void {
    const waiting = this.#parked ?? [];
    this.#known = known;
    this.#parked = undefined;
    for (const batch of waiting) this.#sealBatch(batch);
  }

  #sealBatch(batch: Batch): void {
    const count = batch.blobs.length / 4;
    const ids = new Uint8Array(count * idBytes);
    const added = { newBlobs: 0, newBytes: 0, packedBytes: 0 };
    for (let n = 0; n < count; n++) {
      const address = batch.blobs[4 * n + 2] ?? 0;
      const length = batch.blobs[4 * n + 3] ?? 0;
      const plaintext = this.#bytes.subarray(address, address + length);
      ids.set(hash('sha256', plaintext, 'buffer'), n * idBytes);
      if (!this.#known.claim(ids, n * idBytes)) continue;
      added.newBlobs++;
      added.newBytes += length;
      added.packedBytes += this.#sealPiece(address, length, ids.subarray(n * idBytes, (n + 1) * idBytes));
    }
    endLease(this.#arena, batch.lease);
    Atomics.sub(this.#queued, this.#data.sealer, 1);
    this.#reply({ kind: 'sealed', blobs: batch.blobs, ids, results: batch.results, ...added });
  }

  #sealPiece(address: number, length: number, id: Bytes): number {
    const plaintext = this.#bytes.subarray(address, address + length);
    const frame = this.#data.version === 1 ? undefined : this.#encode(plaintext);
    if (frame && frame.length < length)
      return this.#files.add({ type: 'data', id, ...inFrame(frame, length) });
    const bytes = this.#bytes.subarray(address, address + length + plaintextSlack);
    return this.#files.add({ type: 'data', id, bytes, length, plainLength: undefined });
  }

  #sealTree(plaintext: Bytes): void {
    const id = hash('sha256', plaintext, 'buffer');
    const packedBytes =
      this.#data.version === 1
        ? this.#trees.add({ type: 'tree', id, ...unframed(plaintext) })
        : this.#trees.add({
            type: 'tree',
            id,
            ...inFrame(this.#encode(plaintext), plaintext.length),
          });
    this.#reply({ kind: 'stored', plainBytes: plaintext.length, packedBytes });
  }

  #encode(plaintext: Bytes): Bytes {
    const encoder = plaintext.length < levelTwoBytes ? this.#fastEncoder : this.#denseEncoder;
    return encoder.encode(plaintext);
  }
}

interface Stored {
  readonly bytes: Bytes;
  readonly length: number;
  readonly plainLength: number | undefined;
}

/** A frame from the encoder, behind which there is room enough. */
function inFrame(frame: Bytes, plainLength: number): Stored {
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.length + plaintextSlack);
  return { bytes, length: frame.length, plainLength };
}

function unframed(plaintext: Bytes): Stored {
  const bytes = new Uint8Array(plaintext.length + plaintextSlack);
  bytes.set(plaintext);
  return { bytes, length: plaintext.length, plainLength: undefined };
}

const port = parentPort;
if (!port) throw new TypeError('a sealer runs in a worker');
const data = workerData as SealerData;
const sealer = new Sealer(data, (reply) => port.postMessage(reply));
data.scanner.on('message', (batch: Batch) => sealer.onBatch(batch));
port.on('message', (request: SealerRequest) => sealer.onRequest(request));
