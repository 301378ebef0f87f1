import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bytes,
  HoldfastError,
  isSystemError,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import { checkpointFile, maxCheckpointBytes } from './mirror-format.ts';

/**
 * A place beyond this home that holds a copy of the log: files by name, written whole or not at all. Nothing in it is
 * believed but what is signed, or chained to what is.
 */
export interface LogMirror {
  /** How people call it, and what records keep: without any password. */
  readonly name: string;
  /** What a file holds, or undefined when there is none; more than `maxBytes` is refused. */
  read(file: string, maxBytes: number): Promise<Bytes | undefined>;
  /** Makes a file, or replaces it. */
  write(file: string, bytes: Bytes): Promise<void>;
  /** Ends what is under way, which fails then; for one that would keep a process waiting. */
  close?(): void;
}

/** Whether a mirror has a log, whoever's and however damaged. @throws whatever the mirror throws when it does not answer */
export async function lookForLog(mirror: LogMirror): Promise<boolean> {
  return (await mirror.read(checkpointFile, maxCheckpointBytes)) !== undefined;
}

/**
 * A directory that is there already, usually on another disk. It is never made: where a disk is not mounted, a directory
 * in its place would only look like a mirror.
 */
export class DirectoryMirror implements LogMirror {
  readonly name: string;

  /** @param path absolute */
  constructor(path: string) {
    this.name = path;
  }

  /** @throws HoldfastError `storage_full`, `storage_failed` */
  async read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    try {
      return await this.#read(file, maxBytes);
    } catch (error) {
      throw directoryProblem(error, this.name);
    }
  }

  /** Errors: as {@link read} */
  async write(file: string, bytes: Bytes): Promise<void> {
    try {
      await writeFileAtomic(join(this.name, file), bytes);
    } catch (error) {
      throw directoryProblem(error, this.name);
    }
  }

  async #read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    const path = join(this.name, file);
    try {
      await using handle = await open(path, 'r');
      const { size } = await handle.stat();
      if (size <= maxBytes) return await handle.readFile();
      throw new HoldfastError('storage_failed', `${path} has ${size} bytes, expected at most ${maxBytes}`);
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      await using _directory = await open(this.name, 'r');
      return undefined;
    }
  }
}

/** What the system says about a directory elsewhere, in words. What is no refusal of the system comes back as it is. */
function directoryProblem(error: unknown, directory: string): unknown {
  if (!isSystemError(error)) return error;
  const [problem, hint] = meanings[error.code ?? ''] ?? [`cannot be used (${error.code})`];
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'storage_full' : 'storage_failed';
  return new HoldfastError(code, `${directory} ${problem}`, { cause: error, ...(hint && { hint }) });
}

const full = ['has no space left', 'make room there'] as const;
const forbidden = ['may not be read and written by this process', 'change its owner or mode'] as const;
const dead = ['is on a disk that does not answer', 'look at the disk, or mount it again'] as const;

const meanings: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: [
    'is on a disk that is read-only',
    'mount it for writing; a damaged disk becomes read-only by itself',
  ],
  ENOENT: ['is not there', 'mount its disk; no directory is made'],
  ENOTDIR: ['is no directory', 'name one'],
  EIO: dead,
  ESTALE: dead,
  ENODEV: dead,
  ENXIO: dead,
  EHOSTDOWN: dead,
  ETIMEDOUT: dead,
};
