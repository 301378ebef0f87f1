import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Bytes, concatBytes, HoldfastError, minuteMs, secondMs } from '../base/index.ts';

/** How long an answer of a small file may take, and how long one of any size. */
const smallFileMs = 30 * secondMs;
const anyFileMs = 60 * minuteMs;

/**
 * Files by name below a URL, with nothing but GET, PUT and DELETE: WebDAV servers do, and what many web servers call so.
 * A name and password in the URL go with each request (RFC 7617) and are shown nowhere.
 */
export class HttpFiles {
  /** The URL without name and password. */
  readonly name: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @throws HoldfastError `settings_invalid` when it is no http or https URL */
  constructor(url: string) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
      throw new HoldfastError('settings_invalid', `expected a URL beginning with https://, not ${url}`);
    const { username, password } = parsed;
    parsed.username = '';
    parsed.password = '';
    this.name = parsed.href.replace(/\/?$/, '/');
    this.#headers = username === '' ? {} : { authorization: basic(username, password) };
  }

  /** What a small file holds, or undefined when there is none. @throws HoldfastError `connection_failed`, `storage_failed` */
  async read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    const answer = await this.#ask(file, { method: 'GET', timeoutMs: smallFileMs });
    if (answer.status === 404) return undefined;
    this.#check(answer, file);
    const pieces: Bytes[] = [];
    let size = 0;
    for await (const piece of answer.body ?? []) {
      size += piece.length;
      if (size > maxBytes)
        throw new HoldfastError('storage_failed', `${this.name}${file} has more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    return concatBytes(...pieces);
  }

  /** Makes or replaces a small file. Errors: as {@link read} */
  async write(file: string, bytes: Bytes): Promise<void> {
    const body = Uint8Array.from(bytes);
    const answer = await this.#ask(file, { method: 'PUT', body, timeoutMs: smallFileMs });
    await this.#finish(answer, file);
  }

  /** Sends the file at `path`, however large. Errors: as {@link read} */
  async store(file: string, path: string): Promise<void> {
    await using source = await open(path, 'r');
    const { size } = await source.stat();
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
    const headers = { 'content-length': String(size) };
    const answer = await this.#ask(file, { method: 'PUT', body, headers, timeoutMs: anyFileMs });
    await this.#finish(answer, file);
  }

  /** Writes a file, however large, to a new one at `path`. @throws HoldfastError `object_not_found` too */
  async fetch(file: string, path: string): Promise<void> {
    const answer = await this.#ask(file, { method: 'GET', timeoutMs: anyFileMs });
    if (answer.status === 404)
      throw new HoldfastError('object_not_found', `${this.name}${file} is not there`);
    this.#check(answer, file);
    await using target = await open(path, 'wx', 0o600);
    try {
      for await (const piece of answer.body ?? []) await target.writeFile(piece);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Removes a file; does nothing when there is none. Errors: as {@link read} */
  async remove(file: string): Promise<void> {
    const answer = await this.#ask(file, { method: 'DELETE', timeoutMs: smallFileMs });
    if (answer.status !== 404) await this.#finish(answer, file);
    else await answer.body?.cancel();
  }

  async #ask(
    file: string,
    request: {
      method: string;
      timeoutMs: number;
      body?: Uint8Array<ArrayBuffer> | ReadableStream;
      headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Response> {
    const { timeoutMs, headers, ...rest } = request;
    try {
      return await fetch(`${this.name}${encodeURIComponent(file)}`, {
        ...rest,
        headers: { ...this.#headers, ...headers },
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
        ...(rest.body instanceof ReadableStream && { duplex: 'half' }),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HoldfastError('connection_failed', `${this.name} cannot be reached: ${why}`, {
        cause: error,
      });
    }
  }

  async #finish(answer: Response, file: string): Promise<void> {
    this.#check(answer, file);
    await answer.body?.cancel();
  }

  #check({ ok, status }: Response, file: string): void {
    if (ok) return;
    throw new HoldfastError('storage_failed', `${this.name}${file}: the server answered ${status}`, {
      hint: 'check address, name and password, and that files can be written there',
    });
  }
}

function basic(username: string, password: string): string {
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}
