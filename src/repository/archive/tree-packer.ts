import { type Bytes, fromHex } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import { blockBytes, cornerAt, cornerBytes } from './arena.ts';
import type { PackReply } from './messages.ts';
import { BlobEncoder, type PackSpace, PackWriter } from './pack-writer.ts';
import { plaintextSlack, UnitWriter } from './unit-writer.ts';

const pageBytes = 65_536;

/** Ordinary memory: directories are few against what is in them, and one may be larger than any pack of files. */
const packSpace: PackSpace = {
  capacity: Number.POSITIVE_INFINITY,
  open: () => ({ blocks: [], take: () => new Uint8Array(blockBytes) }),
};

/** Puts directories into packs of their own, on the main thread, where they are made. */
export class TreePacker {
  readonly #encoder: BlobEncoder;
  readonly #packs: PackWriter;

  constructor(repository: Repository, onPack: (pack: PackReply) => void) {
    const pages = Math.ceil(cornerBytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const writer = new UnitWriter(memory, cornerAt(0), repository.masterKey.reveal());
    this.#encoder = new BlobEncoder(repository.version);
    this.#packs = new PackWriter(packSpace, writer, onPack);
  }

  /** Adds a tree; the bytes it took. */
  add(id: BlobId, plaintext: Bytes): number {
    const padded = new Uint8Array(plaintext.length + plaintextSlack);
    padded.set(plaintext);
    return this.#packs.add(this.#encoder.encode('tree', fromHex(id), padded, plaintext.length));
  }

  flush(): void {
    this.#packs.flush();
  }
}
