import { Readable } from 'node:stream';
import type { Bytes, Clock } from '../../base/index.ts';
import {
  type ListOptions,
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from '../../storage/index.ts';
import { Line } from '../../transport/index.ts';
import { ResticLayout } from '../restic-layout.ts';
import type { S3Client } from './s3-client.ts';
import { S3Reader } from './s3-reader.ts';
import { S3Writer } from './s3-writer.ts';

const mebibyte = 1024 ** 2;

interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface S3StoreOptions {
  readonly client: S3Client;
  /** What the keys of the repository begin with, without slashes at its ends. */
  readonly prefix: string;
  readonly clock: Clock;
  /** What decides when to try again; one of its own unless said. */
  readonly line?: Line;
  /** Objects of more than two such parts are sent in parts. */
  readonly partBytes?: number;
}

/** A repository in a bucket of a service that speaks S3, laid out as restic does. */
export class S3Store implements ObjectStore {
  readonly location: string;
  readonly #reader: S3Reader;
  readonly #writer: S3Writer;

  constructor({ client, prefix, clock, line = new Line(), partBytes = 32 * mebibyte }: S3StoreOptions) {
    const { endpoint, name } = client.bucket;
    this.location = `s3:${endpoint.origin}/${prefix === '' ? name : `${name}/${prefix}`}`;
    const repository = { location: this.location, client, layout: new ResticLayout(prefix), line };
    this.#reader = new S3Reader(repository);
    this.#writer = new S3Writer(repository, { reader: this.#reader, clock, partBytes });
  }

  /** No bucket is made: whose it is to be, and where, is its owner's to say. */
  async create({ signal }: SignalOption = {}): Promise<void> {
    await this.#writer.abilities(signal);
  }

  async stat(ref: ObjectRef, { signal }: SignalOption = {}): Promise<number> {
    return await this.#reader.stat(ref, signal);
  }

  async list(type: ObjectType, options: ListOptions = {}): Promise<readonly ObjectInfo[]> {
    return (await Array.fromAsync(this.scan(type, options))).flat();
  }

  scan(type: ObjectType, options: ListOptions = {}): AsyncIterable<readonly ObjectInfo[]> {
    return this.#reader.scan(type, options);
  }

  async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    return await this.#reader.read(ref, options);
  }

  async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    return Readable.from(await this.#reader.chunks(ref, options), { objectMode: false });
  }

  async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    await this.#writer.write(ref, body, options);
    const replaced = replacedBy(ref, options);
    if (replaced !== undefined) await this.#writer.remove(replaced, options.signal);
  }

  async remove(ref: ObjectRef, { signal }: SignalOption = {}): Promise<void> {
    await this.#writer.remove(ref, signal);
  }
}
