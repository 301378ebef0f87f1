import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bytes } from '../base/index.ts';

const run = promisify(execFile);

/** The real openssl in a directory of its own, the judge of what is written here and the maker of what is read. */
export class Openssl implements AsyncDisposable {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<Openssl> {
    return new Openssl(await mkdtemp(join(tmpdir(), 'holdfast-openssl-')));
  }

  /** Runs one command in the directory; resolves to all it says, rejects with it when the command fails. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run('openssl', args, { cwd: this.#directory });
    return stdout + stderr;
  }

  async write(name: string, content: Bytes | string): Promise<void> {
    await writeFile(join(this.#directory, name), content);
  }

  async read(name: string): Promise<Buffer> {
    return readFile(join(this.#directory, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
