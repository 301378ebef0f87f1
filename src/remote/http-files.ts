import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { type Bytes, concatBytes, type ErrorCode, HoldfastError, secondMs } from '../base/index.ts';
import {
  askHttp,
  type HttpAnswer,
  type HttpRequest,
  isHttpSuccess,
  isPassingStatus,
} from '../transport/index.ts';
import { webAgent, webFailure } from './web-peer.ts';

/** How long an answer of a small file may take; one of any size may take as long as bytes move. */
const smallFileMs = 30 * secondMs;

interface WebExchange {
  readonly answer: HttpAnswer;
  readonly wish: WebWish;
}

/**
 * Files by name below a URL, with nothing but GET, PUT and DELETE: WebDAV servers do, and what many web servers call so.
 * No directory is made. A name and password in the URL go with each request (RFC 7617) and are shown nowhere; an https
 * server is believed when this machine trusts who signed its certificate.
 *
 * Whatever is asked can end with `host_*`, `connection_*`, `tls_*` and `certificate_*`, when no answer
 * comes, with `server_unavailable`, `storage_full`, and with `storage_failed`, which says what was answered.
 */
export class HttpFiles {
  /** The URL without name and password. */
  readonly name: string;
  readonly #authorization: string | undefined;
  #agent: Agent | undefined;

  /** @throws HoldfastError `settings_invalid` when it is no http or https URL of a directory */
  constructor(url: string) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol))
      throw invalid(`expected a URL beginning with https://, not ${schemeOf(url)}`);
    const { username, password, search, hash } = parsed;
    if (search !== '' || hash !== '') throw invalid('the URL of a directory has no ? and no #');
    parsed.username = '';
    parsed.password = '';
    this.name = parsed.href.replace(/\/?$/, '/');
    this.#authorization = username === '' ? undefined : basic(username, password);
  }

  /** What a small file holds, or undefined when there is none. */
  async read(file: string, maxBytes: number): Promise<Bytes | undefined> {
    const asked = await this.#ask('GET', file, { signal: AbortSignal.timeout(smallFileMs) });
    if (isMissing(asked)) return undefined;
    this.#check(asked);
    const pieces: Bytes[] = [];
    for await (const piece of this.#body(asked, maxBytes)) pieces.push(piece);
    return concatBytes(...pieces);
  }

  /** Makes or replaces a small file. */
  async write(file: string, bytes: Bytes): Promise<void> {
    const body = { chunks: [bytes], size: bytes.length };
    this.#finish(await this.#ask('PUT', file, { body, signal: AbortSignal.timeout(smallFileMs) }));
  }

  /** Sends the file at `path`, however large. */
  async store(file: string, path: string): Promise<void> {
    await using source = await open(path, 'r');
    const { size } = await source.stat();
    const chunks = createReadStream(path) as AsyncIterable<Bytes>;
    this.#finish(await this.#ask('PUT', file, { body: { chunks, size } }));
  }

  /** Writes a file of at most `maxBytes` to a new one at `path`. @throws HoldfastError `object_not_found` too */
  async fetch(file: string, path: string, maxBytes: number): Promise<void> {
    const asked = await this.#ask('GET', file, {});
    if (isMissing(asked))
      throw new HoldfastError('object_not_found', `${this.name}${file} is not there`, {
        hint: 'name another backup, or where it lies now',
      });
    this.#check(asked);
    await using target = await open(path, 'wx', 0o600);
    try {
      for await (const piece of this.#body(asked, maxBytes)) await target.writeFile(piece);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Cuts the connections: what is under way fails. */
  close(): void {
    this.#agent?.destroy();
  }

  /** Removes a file; does nothing when there is none. */
  async remove(file: string): Promise<void> {
    const asked = await this.#ask('DELETE', file, {});
    if (!isMissing(asked)) this.#finish(asked);
  }

  async #ask(
    method: WebWish['method'],
    file: string,
    { body, signal }: Pick<HttpRequest, 'body' | 'signal'>,
  ): Promise<WebExchange> {
    const url = new URL(encodeURIComponent(file), this.name);
    this.#agent ??= webAgent(url);
    const authorization = this.#authorization;
    const wish = { method, url: url.href, size: body?.size, signedIn: authorization !== undefined };
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    // Whether its body can be sent once more.
    const onceMore = body === undefined || Symbol.iterator in body.chunks;
    const order = { method, url, headers, agent: this.#agent, body, signal, onceMore };
    try {
      return { answer: await askHttp(order), wish };
    } catch (error) {
      throw webFailure(error, this.name);
    }
  }

  #finish(asked: WebExchange): void {
    this.#check(asked);
    asked.answer.message.resume();
  }

  #check({ answer, wish }: WebExchange): void {
    if (isHttpSuccess(answer)) return;
    answer.message.destroy();
    throw webRefusal(wish, answer.status, answer.message.headers.location);
  }

  async *#body({ answer, wish }: WebExchange, maxBytes: number): AsyncGenerator<Bytes> {
    let size = 0;
    try {
      for await (const piece of answer.message) {
        size += (piece as Bytes).length;
        if (size > maxBytes)
          throw new HoldfastError('storage_failed', `${wish.url} has more than ${maxBytes} bytes`);
        yield piece as Bytes;
      }
    } catch (error) {
      throw webFailure(error, this.name);
    }
  }
}

/** What is said besides is read and forgotten, so that the connection can be used again. */
function isMissing({ answer }: WebExchange): boolean {
  if (answer.status !== 404) return false;
  answer.message.resume();
  return true;
}

function basic(username: string, password: string): string {
  const text = `${decoded(username)}:${decoded(password)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a % in the name or password of a URL is written %25');
  }
}

/** Without what may be a password. */
function schemeOf(url: string): string {
  return /^[a-z0-9+.-]*:/i.exec(url)?.[0] ?? url;
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('settings_invalid', message, {
    hint: 'name a directory, or https://NAME:PASSWORD@HOST/DIRECTORY/',
  });
}

/** What was asked of a web server, for messages: no password in it. */
interface WebWish {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** The address asked. */
  readonly url: string;
  /** Bytes that were to be sent. */
  readonly size?: number;
  /** Whether name and password went with it. */
  readonly signedIn: boolean;
}

/** What an answer that is no success means for whoever set the address up. */
function webRefusal(wish: WebWish, status: number, location: string | undefined): HoldfastError {
  const { method, url, size } = wish;
  if (status === 507) return failure('storage_full', `${url}: there is no room left`, 'make room there');
  if (status >= 300 && status < 400)
    return failure(
      'storage_failed',
      `${url}: the server answered ${status}, it is at ${withoutPassword(location)} instead`,
      'name that address',
    );
  if (isPassingStatus(status)) return failure('server_unavailable', `${url}: the server answered ${status}`);
  const sent = status === 413 && size !== undefined ? ` to ${size} bytes` : '';
  return failure(
    'storage_failed',
    `${url}: the server answered ${status}${sent}`,
    hintOf(wish, status) ?? (method === 'GET' ? 'check the address' : 'see the log of that server'),
  );
}

/** A hint is for those refusals that are nearly always the same mistake. */
function hintOf({ method, signedIn }: WebWish, status: number): string | undefined {
  if (status === 401)
    return signedIn
      ? 'it does not take this name and password'
      : 'put name and password into the address: https://NAME:PASSWORD@HOST/';
  if (method === 'GET') return undefined;
  const writing: Record<number, string> = {
    403: 'files may not be written there: give this name the right to',
    404: 'make that directory there first: none is made from here',
    409: 'make that directory there first: none is made from here',
    405: 'this server takes no PUT: switch WebDAV on there',
    501: 'this server takes no PUT: switch WebDAV on there',
    413: 'raise the size that this server takes (nginx: client_max_body_size)',
  };
  return writing[status];
}

function withoutPassword(location: string | undefined): string {
  return location?.replace(/\/\/[^/@]*@/, '//') ?? 'another address';
}

function failure(code: ErrorCode, message: string, hint?: string): HoldfastError {
  return new HoldfastError(code, message, { ...(hint !== undefined && { hint }) });
}
