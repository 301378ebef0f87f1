import { createHash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import {
  type ByteRange,
  formatObjectRef,
  type ListOptions,
  type NamedRef,
  notFoundError,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
  type ReadOptions,
} from '../../storage/index.ts';
import { discardBody, type Line } from '../../transport/index.ts';
import { contentLength, objectIn, rangeHeader, remainingRange } from '../object-answer.ts';
import { Once } from '../once.ts';
import { objectChunks, type Reopen, receiveObject } from '../open-object.ts';
import type { ResticLayout } from '../restic-layout.ts';
import { type Listing, listPage } from './list-objects.ts';
import { checksumName } from './s3-abilities.ts';
import type { ListedPage } from './s3-answer.ts';
import type { S3Client } from './s3-client.ts';
import type { S3Refusal } from './s3-refusal.ts';

type Signal = AbortSignal | undefined;

/** A repository in a bucket, and the way there. */
export interface S3Repository {
  readonly location: string;
  readonly client: S3Client;
  readonly layout: ResticLayout;
  readonly line: Line;
}

/** What a service says of an object that is there. */
interface StoredState {
  readonly size: number;
  /** Where it keeps one. */
  readonly sha256: string | undefined;
}

/** Reads what is in a bucket, and lists it. */
export class S3Reader {
  readonly #repository: S3Repository;
  readonly #reached = new Once<void>();

  constructor(repository: S3Repository) {
    this.#repository = repository;
  }

  /**
   * Asks for a listing of one object before anything else: an answer to HEAD says by its status alone what is wrong, and so does
   * not tell a bucket that is missing from an object, nor a wrong region from a wrong key.
   */
  async reach(signal: Signal): Promise<void> {
    signal?.throwIfAborted();
    const { client, layout, line, location } = this.#repository;
    const query = { 'list-type': '2', 'max-keys': '1', prefix: layout.name({ type: 'config' }) };
    await this.#reached.do(async () => {
      await line.attempt({ signal, isKnown: false }, async () => {
        await client.text({ method: 'GET', query, signal }, `looking into ${location}`);
      });
    });
  }

  async stat(ref: ObjectRef, signal: Signal): Promise<number> {
    const state = await this.state(ref, signal);
    if (state === undefined) throw notFoundError(ref, this.#repository.location);
    return state.size;
  }

  /** Undefined where it is not there. */
  async state(ref: ObjectRef, signal: Signal): Promise<StoredState | undefined> {
    await this.reach(signal);
    const { client, layout, line } = this.#repository;
    const request = { method: 'HEAD', key: layout.name(ref), headers: askChecksum, signal } as const;
    return await line.attempt({ signal }, async () => {
      const outcome = await client.ask(request);
      if (isMissing(outcome)) return undefined;
      const answer = client.expect(outcome, `looking for ${formatObjectRef(ref)}`);
      await discardBody(answer);
      const sha256 = wholeChecksum(answer.message.headers[checksumName]);
      return { size: contentLength(answer, ref), sha256 };
    });
  }

  /** A listing of more than one page is made anew by folders, several at once, since each page has to wait for the one before. */
  async *scan(type: ObjectType, options: ListOptions): AsyncGenerator<readonly ObjectInfo[]> {
    const { arrivals = false, signal } = options;
    await this.reach(signal);
    const { layout } = this.#repository;
    const listing = this.#listing(type, layout.directory(type), signal);
    const first = await this.#page(listing);
    const pages =
      type === 'data' && first.next !== undefined ? this.#byFolders(signal) : this.#pages(listing, first);
    for await (const objects of pages)
      yield arrivals ? objects : objects.map(({ name, size }) => ({ name, size }));
  }

  async read(ref: ObjectRef, { range, signal }: ReadOptions): Promise<Bytes> {
    await this.reach(signal);
    return await receiveObject(this.#opener(ref, range, signal), { line: this.#repository.line, signal });
  }

  async chunks(ref: ObjectRef, { range, signal }: ReadOptions): Promise<AsyncGenerator<Bytes>> {
    await this.reach(signal);
    return await objectChunks(this.#opener(ref, range, signal), { line: this.#repository.line, signal });
  }

  /** The SHA-256 of what is stored. */
  async hash(ref: ObjectRef, signal: Signal): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of await this.chunks(ref, { signal })) hash.update(chunk);
    return hash.digest('hex');
  }

  #listing(type: ObjectType, prefix: string, signal: Signal): Listing {
    const keyOf = (name: NamedRef['name']) => this.#repository.layout.name({ type, name });
    return { prefix, keyOf, doing: `listing ${type}`, signal };
  }

  async #page(listing: Listing, token?: string): Promise<ListedPage> {
    const { client, line } = this.#repository;
    return await line.attempt({ signal: listing.signal }, () => listPage(client, listing, token));
  }

  async *#pages(listing: Listing, first: ListedPage): AsyncGenerator<readonly ObjectInfo[]> {
    for (let page = first; ; page = await this.#page(listing, page.next)) {
      yield page.objects;
      if (page.next === undefined) return;
    }
  }

  async *#byFolders(signal: Signal): AsyncGenerator<readonly ObjectInfo[]> {
    const folders = this.#repository.layout.dataFolders();
    for (let start = 0; start < folders.length; start += foldersAtOnce) {
      const listed = folders.slice(start, start + foldersAtOnce).map(async (folder) => {
        const listing = this.#listing('data', folder, signal);
        return await Array.fromAsync(this.#pages(listing, await this.#page(listing)));
      });
      yield (await Promise.all(listed)).flat(2);
    }
  }

  /** A connection that is lost in the middle is made again, and what follows is asked for. */
  #opener(ref: ObjectRef, range: ByteRange | undefined, signal: Signal): Reopen {
    const { client, layout, location } = this.#repository;
    return async (done) => {
      const rest = remainingRange(range, done);
      const request = { method: 'GET', key: layout.name(ref), headers: rangeHeader(rest), signal } as const;
      const outcome = await client.ask(request);
      if (isMissing(outcome)) throw notFoundError(ref, location);
      return objectIn(client.expect(outcome, `reading ${formatObjectRef(ref)}`), ref, rest);
    };
  }
}

/** Folders of packs that are listed at once. */
const foldersAtOnce = 16;

const askChecksum = { 'x-amz-checksum-mode': 'ENABLED' } as const;

function isMissing(outcome: { readonly kind: 'answer' } | S3Refusal): boolean {
  return outcome.kind === 'refusal' && outcome.status === 404 && outcome.code !== 'NoSuchBucket';
}

/** The hash of an object from the checksum that is kept with it; that of parts is none of the whole, and has a dash. */
function wholeChecksum(checksum: string | string[] | undefined): string | undefined {
  if (typeof checksum !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(checksum)) return undefined;
  return Buffer.from(checksum, 'base64').toString('hex');
}
