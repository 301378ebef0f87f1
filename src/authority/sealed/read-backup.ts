import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import {
  asBuffer,
  type Bytes,
  concatBytes,
  HoldfastError,
  makePrivateDirectory,
  Secret,
} from '../../base/index.ts';
import { Keystore } from '../../trust/index.ts';
import { databasePath } from '../records/index.ts';
import {
  type BackupKey,
  type BackupManifest,
  backupMagic,
  backupMagicPattern,
  maxManifestBytes,
  type PartName,
  parseManifest,
} from './backup-format.ts';
import { backupDamaged, backupForeign, openSealed } from './open-sealed.ts';

/** Takes the bytes of one part as they come. */
type PartTaker = (name: PartName, chunks: AsyncIterable<Bytes>) => Promise<void>;

/** What is to be done with what a backup holds. */
interface BackupReading {
  /** Decides by the manifest whether to go on: throws when not. */
  readonly check?: (manifest: BackupManifest) => void;
  /** Takes the parts, one after the other; they are only skipped without it. */
  readonly take?: PartTaker;
}

/**
 * Reads a backup to its end and checks everything in it. What `take` was given is to be believed only when this
 * resolves.
 *
 * @throws HoldfastError `backup_foreign`, `password_wrong`, `backup_damaged`
 */
export async function readBackup(
  path: string,
  key: BackupKey,
  { check, take = skip }: BackupReading = {},
): Promise<BackupManifest> {
  const reader = new PieceReader(openSealed(path, key));
  try {
    const manifest = await readManifest(path, reader);
    check?.(manifest);
    for (const part of manifest.parts) await readPart(path, reader, part, take);
    if (!(await reader.atEnd())) throw backupDamaged(path, 'something follows its last part');
    return manifest;
  } finally {
    await reader.close();
  }
}

async function readManifest(path: string, reader: PieceReader): Promise<BackupManifest> {
  const magic = await reader.line(backupMagic.length + 16);
  if (magic !== backupMagic) throw wrongMagic(path, magic ?? '');
  const text = await reader.line(maxManifestBytes);
  const manifest = text === undefined ? undefined : parseManifest(text);
  if (manifest === undefined) throw backupDamaged(path, 'it does not say what it holds');
  return manifest;
}

function wrongMagic(path: string, magic: string): Error {
  const version = backupMagicPattern.exec(magic)?.[1];
  if (version === undefined) return backupForeign(path, 'something else is in it');
  return backupForeign(path, `it has format ${version}, which only a newer Holdfast reads`);
}

async function readPart(
  path: string,
  reader: PieceReader,
  { name, bytes, sha256 }: BackupManifest['parts'][number],
  take: PartTaker,
): Promise<void> {
  const digest = createHash('sha256');
  let read = 0;
  const chunks = async function* (): AsyncGenerator<Bytes> {
    for await (const chunk of reader.piece(bytes)) {
      digest.update(chunk);
      read += chunk.length;
      yield chunk;
    }
  };
  await take(name, chunks());
  if (read !== bytes) throw backupDamaged(path, `its ${name} has ${read} bytes, expected ${bytes}`);
  if (digest.digest('hex') !== sha256) throw backupDamaged(path, `its ${name} is not what it was`);
}

async function skip(_name: PartName, chunks: AsyncIterable<Bytes>): Promise<void> {
  for await (const _chunk of chunks);
}

const newLine = 0x0a;

/** Takes a stream of bytes apart into lines and pieces of a known length, holding no more than a chunk of it. */
class PieceReader {
  readonly #source: AsyncIterator<Bytes>;
  #held: Bytes = new Uint8Array();

  constructor(source: AsyncIterable<Bytes>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next line without its end, or undefined when none ends within `maxBytes`. */
  async line(maxBytes: number): Promise<string | undefined> {
    for (;;) {
      const end = this.#held.indexOf(newLine);
      if (end >= 0 && end <= maxBytes) return asBuffer(this.#take(end + 1).subarray(0, end)).toString();
      if (end > maxBytes || this.#held.length > maxBytes) return undefined;
      const next = await this.#next();
      if (next === undefined) return undefined;
      this.#held = concatBytes(this.#held, next);
    }
  }

  /** The next `length` bytes in chunks; fewer when the stream ends before. */
  async *piece(length: number): AsyncGenerator<Bytes> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) this.#held = (await this.#next()) ?? new Uint8Array();
      if (this.#held.length === 0) return;
      const chunk = this.#take(Math.min(left, this.#held.length));
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Whether nothing is left; reads to find out. */
  async atEnd(): Promise<boolean> {
    if (this.#held.length === 0) this.#held = (await this.#next()) ?? new Uint8Array();
    return this.#held.length === 0;
  }

  /** Lets go of the source when it is not read to its end. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #take(length: number): Bytes {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** The next chunk that has bytes in it. */
  async #next(): Promise<Bytes | undefined> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done === true) return undefined;
      if (value.length > 0) return value;
    }
  }
}

const maxKeysBytes = 64 * 1024 * 1024;

/** What is unpacked, and what opens the keystore that is made. */
interface Unpacking {
  readonly path: string;
  readonly key: BackupKey;
  readonly passphrase?: Secret<string>;
}

/**
 * Unpacks a backup into a directory that is not there yet: its database as it was, and a keystore with a stash of its
 * own, or under `passphrase`. Errors: as `readBackup`; the directory is then the caller's to remove
 */
export async function unpackBackup(
  directory: string,
  { path, key, passphrase }: Unpacking,
): Promise<{ readonly manifest: BackupManifest; readonly keystore: Keystore }> {
  await makePrivateDirectory(directory);
  let keys: Bytes | undefined;
  const manifest = await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'database') await writeSynced(databasePath(directory), chunks);
      else if (name === 'keys') keys = await gather(chunks, maxKeysBytes);
      else for await (const _chunk of chunks);
    },
  });
  if (keys === undefined) throw backupDamaged(path, 'it holds no keys');
  return { manifest, keystore: await Keystore.createFrom(directory, new Secret(keys), passphrase) };
}

/** Unpacks nothing but the database, into a directory that is there. Errors: as `readBackup` */
export async function unpackDatabase(
  directory: string,
  { path, key }: { readonly path: string; readonly key: BackupKey },
): Promise<void> {
  await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'database') await writeSynced(databasePath(directory), chunks);
      else for await (const _chunk of chunks);
    },
  });
}

async function writeSynced(path: string, chunks: AsyncIterable<Bytes>): Promise<void> {
  await pipeline(chunks, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** All of a small part. @throws HoldfastError `backup_damaged` beyond `maxBytes` */
export async function gather(chunks: AsyncIterable<Bytes>, maxBytes: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes)
      throw new HoldfastError('backup_damaged', `a part of the backup has more than ${maxBytes} bytes`);
    pieces.push(Uint8Array.from(chunk));
  }
  return concatBytes(...pieces);
}
