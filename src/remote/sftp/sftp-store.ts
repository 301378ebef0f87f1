import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Bytes, type Clock, dayMs, forEachLimited, HoldfastError, secondMs } from '../../base/index.ts';
import {
  bodyChunks,
  existsError,
  formatObjectRef,
  isObjectId,
  isRepeatable,
  type ListOptions,
  notFoundError,
  type ObjectBody,
  ObjectDigest,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
  type ReadOptions,
  replacedBy,
  resolveRange,
  type WriteOptions,
} from '../../storage/index.ts';
import { Line } from '../../transport/index.ts';
import { Once } from '../once.ts';
import { ResticLayout } from '../restic-layout.ts';
import { readPart, writeChunks } from './sftp-files.ts';
import { orMissing, SftpLine } from './sftp-line.ts';
import { statusCode } from './sftp-packet.ts';
import type { SftpPlace } from './sftp-place.ts';
import { type SftpEntry, SftpRefusal, type SftpSession } from './sftp-session.ts';

type Signal = AbortSignal | undefined;

interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface SftpStoreOptions {
  /** In which ssh is found, with its agent. */
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** What decides when to try again; one of its own unless said. */
  readonly line?: Line;
}

/** What is read at once of an object that is read as a stream. */
const streamBytes = 4 * 1024 ** 2;

/** Folders that are listed or made at once. */
const foldersAtOnce = 16;

const regularFile = 0o100_000;
const fileTypeMask = 0o170_000;

/**
 * A repository in a folder of a machine that takes ssh, laid out as restic does. Uploads grow in `.uploads/` and get their name when
 * they are whole and, where the machine can say so, durable; a name is never given twice.
 */
export class SftpStore implements ObjectStore, Disposable {
  readonly location: string;
  readonly #clock: Clock;
  readonly #line: SftpLine;
  readonly #layout: ResticLayout;
  readonly #swept = new Once<void>();

  constructor(place: SftpPlace, { environment, clock, line = new Line() }: SftpStoreOptions) {
    this.location = place.text;
    this.#clock = clock;
    this.#line = new SftpLine(place, { environment, line });
    this.#layout = new ResticLayout(place.path);
  }

  async create({ signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    await this.#line.do({ doing: `creating ${this.location}`, signal }, async (session) => {
      await makeFolders(session, this.#layout.root);
      const folders = [...objectTypes.map((type) => this.#layout.directory(type)), this.#uploads];
      await forEachLimited(folders, foldersAtOnce, (folder) => makeFolder(session, folder));
      await forEachLimited(this.#foldersOf('data'), foldersAtOnce, (folder) => makeFolder(session, folder));
    });
  }

  async stat(ref: ObjectRef, { signal }: SignalOption = {}): Promise<number> {
    signal?.throwIfAborted();
    const size = await this.#line.do({ doing: `looking for ${formatObjectRef(ref)}`, signal }, (session) =>
      this.#sizeOf(session, ref),
    );
    if (size === undefined) throw notFoundError(ref, this.location);
    return size;
  }

  async list(type: ObjectType, options: ListOptions = {}): Promise<readonly ObjectInfo[]> {
    return (await Array.fromAsync(this.scan(type, options))).flat();
  }

  async *scan(
    type: ObjectType,
    { arrivals = false, signal }: ListOptions = {},
  ): AsyncIterable<readonly ObjectInfo[]> {
    const folders = this.#foldersOf(type);
    for (let start = 0; start < folders.length; start += foldersAtOnce) {
      signal?.throwIfAborted();
      const some = folders.slice(start, start + foldersAtOnce);
      yield await this.#line.do({ doing: `listing ${type}`, signal }, async (session) => {
        const lists = await Promise.all(some.map((folder) => entriesOf(session, folder)));
        return lists.flat().flatMap((entry) => objectInfo(entry, arrivals));
      });
    }
  }

  async read(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Bytes> {
    signal?.throwIfAborted();
    const { offset, length } = resolveRange(ref, await this.stat(ref, { signal }), range);
    return await this.#readPart(ref, offset, { length, signal });
  }

  async stream(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Readable> {
    const { offset, length } = resolveRange(ref, await this.stat(ref, { signal }), range);
    return Readable.from(this.#parts(ref, { offset, length, signal }), { objectMode: false });
  }

  async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    await this.#sweep(signal);
    const doing = `storing ${formatObjectRef(ref)}`;
    await this.#line.do({ doing, signal, isUnsafe: () => !isRepeatable(body) }, (session) =>
      this.#writeOnce(session, ref, body, options),
    );
    const replaced = replacedBy(ref, options);
    if (replaced !== undefined) await this.remove(replaced, { signal });
  }

  async remove(ref: ObjectRef, { signal }: SignalOption = {}): Promise<void> {
    signal?.throwIfAborted();
    await this.#line.do({ doing: `removing ${formatObjectRef(ref)}`, signal }, async (session) => {
      await orMissing(session.remove(this.#layout.name(ref)));
    });
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }

  get #uploads(): string {
    return `${this.#layout.root}.uploads/`;
  }

  #foldersOf(type: ObjectType): readonly string[] {
    return type === 'data' ? this.#layout.dataFolders() : [this.#layout.directory(type)];
  }

  async #sizeOf(session: SftpSession, ref: ObjectRef): Promise<number | undefined> {
    const found = await orMissing(session.lstat(this.#layout.name(ref)));
    if (found === undefined) return undefined;
    if (isRegular(found.mode) && found.size !== undefined) return found.size;
    throw new HoldfastError('storage_failed', `${this.#layout.name(ref)} is not a regular file`);
  }

  async *#parts(
    ref: ObjectRef,
    { offset, length, signal }: { offset: number; length: number; signal: Signal },
  ): AsyncGenerator<Bytes> {
    const end = offset + length;
    for (let start = offset; start < end; start += streamBytes)
      yield await this.#readPart(ref, start, { length: Math.min(streamBytes, end - start), signal });
  }

  async #readPart(
    ref: ObjectRef,
    offset: number,
    { length, signal }: { readonly length: number; readonly signal: Signal },
  ): Promise<Bytes> {
    signal?.throwIfAborted();
    const bytes = await this.#line.do(
      { doing: `reading ${formatObjectRef(ref)}`, signal },
      async (session) => {
        const handle = await orMissing(session.openToRead(this.#layout.name(ref)));
        if (handle === undefined) throw notFoundError(ref, this.location);
        try {
          return await readPart(session, handle, { offset, length });
        } finally {
          await session.close(handle);
        }
      },
    );
    if (bytes.length === length) return bytes;
    throw new HoldfastError('storage_failed', `${formatObjectRef(ref)} became shorter`);
  }

  async #writeOnce(
    session: SftpSession,
    ref: ObjectRef,
    body: ObjectBody,
    options: WriteOptions,
  ): Promise<void> {
    const { size, signal } = options;
    const digest = new ObjectDigest(ref, size);
    const stored = await this.#sizeOf(session, ref);
    if (stored !== undefined) {
      for await (const chunk of bodyChunks(body, signal)) digest.update(chunk);
      if (stored !== size) throw existsError(ref, this.location);
      return await this.#compareStored(ref, digest.sum(), signal);
    }
    const path = `${this.#uploads}${randomBytes(8).toString('hex')}.upload`;
    try {
      const sha256 = await upload(session, path, { digest, chunks: bodyChunks(body, signal) });
      signal?.throwIfAborted();
      if (!(await this.#publish(session, path, ref))) await this.#compareStored(ref, sha256, signal);
    } finally {
      await session.remove(path).catch(() => {});
    }
  }

  /** Whether it has the name now; something else may have it. */
  async #publish(session: SftpSession, path: string, ref: ObjectRef): Promise<boolean> {
    const name = this.#layout.name(ref);
    try {
      await session.rename(path, name);
    } catch (error) {
      if (!(error instanceof SftpRefusal)) throw error;
      if ((await this.#sizeOf(session, ref)) !== undefined) return false;
      if (error.status !== statusCode.noSuchFile) throw error;
      // Some tools remove empty folders, so one that is missing is made again.
      await makeFolder(session, this.#layout.folder(ref));
      await session.rename(path, name);
    }
    return true;
  }

  /** What is stored is read, since to answer that a damaged copy is the same would lose the good one. */
  async #compareStored(ref: ObjectRef, sha256: string, signal: Signal): Promise<void> {
    const hash = createHash('sha256');
    for await (const chunk of await this.stream(ref, { signal })) hash.update(chunk as Bytes);
    if (hash.digest('hex') !== sha256) throw existsError(ref, this.location);
  }

  /** Before the first write: there must be a repository, and what a crash left a day ago is removed. */
  async #sweep(signal: Signal): Promise<void> {
    await this.#swept.do(() =>
      this.#line.do({ doing: `looking into ${this.location}`, signal }, async (session) => {
        if ((await orMissing(session.lstat(this.#layout.root))) === undefined)
          throw new HoldfastError('repository_missing', `there is no repository at ${this.location}`);
        await makeFolder(session, this.#uploads);
        const oldS = (this.#clock.now() - dayMs) / secondMs;
        for (const { name, modifiedS = oldS } of await entriesOf(session, this.#uploads))
          if (name.endsWith('.upload') && modifiedS < oldS)
            await orMissing(session.remove(this.#uploads + name));
      }),
    );
  }
}

/** Writes an upload and makes it durable, and gives the SHA-256 of what came. */
async function upload(
  session: SftpSession,
  path: string,
  { digest, chunks }: { readonly digest: ObjectDigest; readonly chunks: AsyncIterable<Bytes> },
): Promise<string> {
  const handle = await session.openNew(path);
  try {
    await writeChunks(session, handle, looked(digest, chunks));
    const sha256 = digest.finish();
    if (session.canSync) await session.sync(handle);
    return sha256;
  } finally {
    await session.close(handle).catch(() => {});
  }
}

async function* looked(digest: ObjectDigest, chunks: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  for await (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}

async function entriesOf(session: SftpSession, folder: string): Promise<readonly SftpEntry[]> {
  return (await orMissing(Array.fromAsync(session.readDirectory(folder))))?.flat() ?? [];
}

function objectInfo({ name, size, mode, modifiedS }: SftpEntry, arrivals: boolean): readonly ObjectInfo[] {
  if (!isObjectId(name) || size === undefined || !isRegular(mode)) return [];
  return [{ name, size, ...(arrivals && modifiedS !== undefined && { arrivedMs: modifiedS * secondMs }) }];
}

function isRegular(mode: number | undefined): boolean {
  return mode === undefined || (mode & fileTypeMask) === regularFile;
}

/** A folder, and what is missing above it. */
async function makeFolders(session: SftpSession, folder: string): Promise<void> {
  const path = folder.endsWith('/') ? folder.slice(0, -1) : folder;
  if (path === '' || (await orMissing(session.lstat(path))) !== undefined) return;
  const above = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  await makeFolders(session, above);
  await makeFolder(session, path);
}

/** It may be there already. */
async function makeFolder(session: SftpSession, folder: string): Promise<void> {
  try {
    await session.mkdir(folder);
  } catch (error) {
    if (!(error instanceof SftpRefusal) || (await orMissing(session.lstat(folder))) === undefined)
      throw error;
  }
}
