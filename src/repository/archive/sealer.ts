import { hash } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Bytes } from '../../base/index.ts';
import { type Arena, controlWords, sealerCorner } from './arena.ts';
import { KnownBlobs } from './known-blobs.ts';
import {
  type Batch,
  type SealerData,
  type SealerReply,
  type SealerRequest,
  sealerReady,
} from './messages.ts';
import { BlobEncoder, BlockPool, PackWriter } from './pack-writer.ts';
import { endLease } from './read-ring.ts';
import { plaintextSlack, UnitWriter } from './unit-writer.ts';

const idBytes = 32;

/**
 * Hashes, looks up, compresses, encrypts and packs what the scanner has read. There is one for each core; each has an open
 * pack of its own, and the scanner chooses among them at random, so that the lengths of a file's chunks cannot
 * be read off a pack.
 */
class Sealer {
  readonly #arena: Arena;
  readonly #sealer: number;
  readonly #bytes: Uint8Array;
  readonly #encoder: BlobEncoder;
  readonly #queued: Int32Array;
  readonly #packs: PackWriter;
  readonly #requests: () => SealerRequest | undefined;
  readonly #reply: (reply: SealerReply) => void;
  #known: KnownBlobs;
  #zerosId: Bytes | undefined;
  /** What came while the sealer is parked; undefined when it is not. */
  #parked: Batch[] | undefined;

  constructor(
    data: SealerData,
    requests: () => SealerRequest | undefined,
    reply: (reply: SealerReply) => void,
  ) {
    const { arena, sealer, masterKey, version, known } = data;
    const writer = new UnitWriter(arena.memory, sealerCorner(sealer), masterKey);
    this.#arena = arena;
    this.#sealer = sealer;
    this.#bytes = new Uint8Array(arena.memory.buffer);
    this.#encoder = new BlobEncoder(version);
    this.#queued = controlWords(arena).queued;
    this.#packs = new PackWriter(new BlockPool(arena).packSpace, writer, (pack) => {
      reply({ kind: 'pack', ...pack });
    });
    this.#known = new KnownBlobs(known);
    this.#requests = requests;
    this.#reply = reply;
  }

  onRequest(request: SealerRequest): void {
    switch (request.kind) {
      case 'flush':
        this.#packs.flush();
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

  /** Requests come first: batches that wait in a row would hold one up until the set of known blobs is full. */
  onBatch(batch: Batch): void {
    for (let request = this.#requests(); request; request = this.#requests()) this.onRequest(request);
    if (this.#parked) this.#parked.push(batch);
    else this.#sealBatch(batch);
  }

  #resume(known: KnownBlobs): void {
    const waiting = this.#parked ?? [];
    this.#known = known;
    this.#parked = undefined;
    for (const batch of waiting) this.onBatch(batch);
  }

  #sealBatch(batch: Batch): void {
    const count = batch.blobs.length / 4;
    const ids = new Uint8Array(count * idBytes);
    const added = { newBlobs: 0, newBytes: 0, packedBytes: 0 };
    for (let n = 0; n < count; n++) {
      const address = batch.blobs[4 * n + 2] ?? 0;
      const length = batch.blobs[4 * n + 3] ?? 0;
      const id = ids.subarray(n * idBytes, (n + 1) * idBytes);
      id.set(address === this.#arena.zerosAt ? this.#idOfZeros(length) : this.#idOf(address, length));
      if (!this.#known.claim(id)) continue;
      added.newBlobs++;
      added.newBytes += length;
      added.packedBytes += this.#seal(id, address, length);
    }
    endLease(this.#arena, batch.lease);
    Atomics.sub(this.#queued, this.#sealer, 1);
    this.#reply({ kind: 'sealed', blobs: batch.blobs, ids, results: batch.results, ...added });
  }

  #idOf(address: number, length: number): Bytes {
    return hash('sha256', this.#bytes.subarray(address, address + length), 'buffer');
  }

  /** Once, since a hole has thousands of them. */
  #idOfZeros(length: number): Bytes {
    this.#zerosId ??= this.#idOf(this.#arena.zerosAt, length);
    return this.#zerosId;
  }

  #seal(id: Bytes, address: number, length: number): number {
    const plaintext = this.#bytes.subarray(address, address + length + plaintextSlack);
    return this.#packs.add(this.#encoder.encode('data', id, plaintext, length));
  }
}

const port = parentPort;
if (!port) throw new TypeError('a sealer runs in a worker');
const data = workerData as SealerData;
const sealer = new Sealer(
  data,
  () => receiveMessageOnPort(port)?.message as SealerRequest | undefined,
  (reply) => port.postMessage(reply),
);
data.scanner.on('message', (batch: Batch) => sealer.onBatch(batch));
port.on('message', (request: SealerRequest) => sealer.onRequest(request));
port.postMessage(sealerReady);
