import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, HoldfastError, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { directoryProblem } from './directory-problem.ts';
import type { LogMirror } from './log-mirror.ts';

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
