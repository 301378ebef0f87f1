import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { equalSecrets } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { View } from '../tree/open-view.ts';
import type { ViewEntry } from '../tree/view.ts';
import { type ByteRange, parseRange } from './byte-range.ts';
import { findResource, type Resource } from './find-resource.ts';
import { contentType, entityTag, folderPages, lastModified, propertyPages, sizeOf } from './pages.ts';

/** How a view is offered. */
export interface WebDavOptions {
  /** When it fires, the server ends. */
  readonly signal: AbortSignal;
  /** Told of what could not be read, and where. */
  readonly onProblem: (path: string, error: Error) => void;
}

/** A server that runs. */
export interface WebDavServer {
  /** Whoever knows it may read everything; nobody can guess it. */
  readonly url: string;
  readonly ended: Promise<void>;
}

const maxConnections = 64;
/** Nobody asks for more than names of properties. */
const maxBodyBytes = 64 * 1024;
const pieceBytes = 1024 * 1024;
const methods = 'OPTIONS, GET, HEAD, PROPFIND';

/**
 * Offers a view by WebDAV (RFC 4918, class 1), to read only: on the loopback address of this machine, below a path of 128 random bits. A
 * web page that a browser has open elsewhere gets nothing: it cannot guess the path, and by a name of its own that leads here
 * (DNS rebinding) it is refused.
 */
export async function serveWebDav(view: View, options: WebDavOptions): Promise<WebDavServer> {
  const secret = randomBytes(16).toString('base64url');
  const site = new Site(view, secret, options);
  const server = createServer((request, response) => void site.answer(request, response));
  server.maxConnections = maxConnections;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  site.port = (server.address() as AddressInfo).port;
  const ended = once(server, 'close').then(() => {});
  options.signal.addEventListener('abort', () => end(server), { once: true });
  if (options.signal.aborted) end(server);
  return { url: `http://127.0.0.1:${site.port}/${secret}/`, ended };
}

function end(server: Server): void {
  server.close();
  server.closeAllConnections();
}

class Site {
  port = 0;
  readonly #view: View;
  readonly #secret: string;
  readonly #options: WebDavOptions;

  constructor(view: View, secret: string, options: WebDavOptions) {
    this.#view = view;
    this.#secret = secret;
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = this.#pathOf(request);
    try {
      await this.#answer(request, response, path);
    } catch (error) {
      if (!this.#options.signal.aborted && !response.destroyed)
        this.#options.onProblem(shownPath(path ?? '/'), error as Error);
      // What has begun breaks off: whoever reads it sees that it is not whole.
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'this cannot be read; holdfast browse says why');
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, path: string | undefined): Promise<void> {
    for (const [name, value] of Object.entries(safeHeaders)) response.setHeader(name, value);
    if (!this.#isOurs(request.headers.host))
      return refuse(response, 421, 'this is not the address of holdfast browse');
    if (path === undefined) return refuse(response, 404, 'there is nothing here');
    if (!(await drain(request))) return refuse(response, 413, 'this is too much to ask');
    const { method } = request;
    if (method === 'OPTIONS') return done(response, 200, { DAV: '1', Allow: methods });
    if (method !== 'GET' && method !== 'HEAD' && method !== 'PROPFIND')
      return refuse(response, 405, 'nothing can be changed here', { Allow: methods });
    const resource = await findResource(this.#view, path);
    if (resource === undefined) return refuse(response, 404, 'there is nothing here');
    if (method === 'PROPFIND') await this.#properties(request, response, path, resource);
    else if (!resource.isFolder) await this.#file(request, response, resource.entry);
    else if (!path.endsWith('/')) done(response, 301, { Location: `/${this.#secret}${path}/` });
    else await this.#folder(request, response, path, resource.entry);
  }

  /** The part of the URL behind the secret, `/` at least; undefined for whoever does not know it. */
  #pathOf({ url = '' }: IncomingMessage): string | undefined {
    const [, secret = '', rest = ''] = /^\/([^/?#]*)([^?#]*)/.exec(url) ?? [];
    return equalSecrets(Buffer.from(secret), Buffer.from(this.#secret)) ? rest || '/' : undefined;
  }

  #isOurs(host: string | undefined): boolean {
    return host === `127.0.0.1:${this.port}` || host === `localhost:${this.port}`;
  }

  async #properties(
    { headers }: IncomingMessage,
    response: ServerResponse,
    path: string,
    { entry, isFolder }: Resource,
  ): Promise<void> {
    const { depth } = headers;
    if (depth !== '0' && depth !== '1') return done(response, 403, { 'Content-Type': xml }, finiteDepth);
    const inside = isFolder && depth === '1' ? await entry.open?.().list() : undefined;
    const href = `/${this.#secret}${path}${isFolder && !path.endsWith('/') ? '/' : ''}`;
    response.writeHead(207, { 'Content-Type': xml });
    await writeAll(response, propertyPages(this.#view, href, entry, inside ?? []));
  }

  async #folder(
    { method }: IncomingMessage,
    response: ServerResponse,
    path: string,
    entry: ViewEntry,
  ): Promise<void> {
    const inside = (await entry.open?.().list()) ?? [];
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
    await writeAll(response, method === 'HEAD' ? [] : folderPages(this.#view, shownPath(path), inside));
  }

  async #file(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    entry: ViewEntry,
  ): Promise<void> {
    const size = sizeOf(this.#view, entry);
    const tag = entityTag(this.#view, entry);
    const about = { ETag: tag, 'Last-Modified': lastModified(entry), 'Accept-Ranges': 'bytes' };
    if (headers['if-none-match']?.split(',').some((one) => one.trim() === tag) === true)
      return done(response, 304, about);
    const isSame = headers['if-range'] === undefined || headers['if-range'] === tag;
    const range = isSame ? parseRange(headers.range, size) : undefined;
    if (range === 'unsatisfiable')
      return done(response, 416, { ...about, 'Content-Range': `bytes */${size}` });
    const { start, end: behind } = range ?? { start: 0, end: size };
    const first = method === 'HEAD' ? [] : await this.#piece(entry, { start, end: behind });
    response.writeHead(range === undefined ? 200 : 206, {
      ...about,
      'Content-Type': contentType,
      'Content-Length': behind - start,
      ...(range !== undefined && { 'Content-Range': `bytes ${start}-${behind - 1}/${size}` }),
    });
    if (method === 'HEAD') response.end();
    else await writeAll(response, this.#pieces(entry, { start, end: behind }, first));
  }

  /** Read ahead of the headers, so that what is damaged from the beginning is an error of its own. */
  async *#pieces(
    entry: ViewEntry,
    { start, end: behind }: ByteRange,
    first: readonly Uint8Array[],
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let at = start;
    for (let pieces = first; at < behind; pieces = await this.#piece(entry, { start: at, end: behind })) {
      if (pieces.length === 0) throw new Error('the content is shorter than it was said to be');
      for (const piece of pieces) {
        at += piece.length;
        yield piece;
      }
      if (at >= behind) return;
    }
  }

  async #piece(entry: ViewEntry, { start, end: behind }: ByteRange): Promise<Uint8Array[]> {
    return await this.#view.content.read(entry.node, start, Math.min(pieceBytes, behind - start));
  }
}

/** What a browser is told of everything: run nothing, guess nothing, tell nobody where this is. */
const safeHeaders = {
  'Content-Security-Policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

const xml = 'application/xml; charset=utf-8';
const finiteDepth =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>\n';

function shownPath(path: string): string {
  return pathText(Buffer.from(unescapedBytes(path), 'latin1')).toWellFormed();
}

function unescapedBytes(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Reads what was sent, of which nothing is made: all properties are told anyway. Whether it is short enough. */
async function drain(request: IncomingMessage): Promise<boolean> {
  let length = 0;
  for await (const piece of request) {
    length += (piece as Uint8Array).length;
    if (length > maxBodyBytes) return false;
  }
  return true;
}

function done(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body = '',
): void {
  response.writeHead(status, {
    ...headers,
    ...(status !== 304 && { 'Content-Length': Buffer.byteLength(body) }),
  });
  response.end(body);
}

function refuse(
  response: ServerResponse,
  status: number,
  why: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  done(response, status, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }, `${why}\n`);
}

/** No faster than whoever reads takes it; nothing more once they have gone. */
async function writeAll(
  response: ServerResponse,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  for await (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await once(response, 'drain', { signal: gone.signal }).catch(() => {});
  }
  response.end();
}
