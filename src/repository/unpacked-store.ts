import { type Bytes, HoldfastError } from '../base/index.ts';
import type { ListOptions, ObjectId, ObjectInfo, ObjectStore } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { decodeUnpacked, encodeUnpacked } from './format/compression.ts';
import type { RepositoryVersion } from './format/config.ts';
import type { UnitCipher } from './format/unit.ts';

/** The types of files that hold one JSON each, encrypted and perhaps compressed. */
export type UnpackedType = 'index' | 'snapshots' | 'locks';

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** A repository's files beside its packs: encrypted on the way in, checked and decrypted on the way out. */
export class UnpackedStore {
  readonly #store: ObjectStore;
  readonly #cipher: UnitCipher;
  readonly #version: RepositoryVersion;

  constructor(store: ObjectStore, cipher: UnitCipher, version: RepositoryVersion) {
    this.#store = store;
    this.#cipher = cipher;
    this.#version = version;
  }

  /** Every file of a type. */
  async list(type: UnpackedType, options: ListOptions = {}): Promise<readonly ObjectInfo[]> {
    return this.#store.list(type, options);
  }

  /** Stores a JSON, and gives the name of its file. */
  async save(type: UnpackedType, json: Bytes, options: Cancellable = {}): Promise<ObjectId> {
    const file = this.#cipher.seal(encodeUnpacked(json, this.#version));
    const name = idOf(file);
    await this.#store.write({ type, name }, [file], { ...options, size: file.length });
    return name;
  }

  /** The JSON in a file; `repository_damaged`, naming the file, when its bytes are not those that were written. */
  async load(type: UnpackedType, name: ObjectId, options: Cancellable = {}): Promise<Bytes> {
    const file = await this.#store.read({ type, name }, options);
    const what = `${fileKinds[type]} ${name}`;
    // The name is checked too: a sealed file is genuine under any name, and storage could exchange two of them.
    if (idOf(file) !== name) {
      throw damaged(what, `is damaged: its ${file.length} bytes are not those that were written`);
    }
    const plaintext = this.#cipher.unseal(file);
    if (!plaintext)
      throw damaged(what, 'does not authenticate: it was made with the key of another repository');
    return decodeUnpacked(plaintext, what);
  }

  /** Removes a file. */
  async remove(type: UnpackedType, name: ObjectId, options: Cancellable = {}): Promise<void> {
    await this.#store.remove({ type, name }, options);
  }
}

/** What each type is called in messages. */
const fileKinds: Readonly<Record<UnpackedType, string>> = {
  index: 'index',
  snapshots: 'snapshot',
  locks: 'lock',
};

function damaged(what: string, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `${what} ${why}`);
}
