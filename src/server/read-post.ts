/** Requests that {@link PostReader} reads. */
export interface PostedRequests {
  readonly path: string;
  /** The Content-Type. */
  readonly type: string;
  readonly maxBodyBytes: number;
}

/** Programs say the same again and again, so that heads that were seen before need not be looked at once more. */
const maxKnownHeads = 256;

/**
 * Reads requests to POST that are whole and have nothing unusual: one message of HTTP/1.1 (RFC 9112) with a body whose length
 * is said, and no header that asks for anything. Everything else is left to an HTTP server, be it right or wrong.
 */
export class PostReader {
  readonly #requests: PostedRequests;
  /** The length of the body that a head says. */
  #heads = new Map<string, number>();

  constructor(requests: PostedRequests) {
    this.#requests = requests;
  }

  /** The body of a message, or undefined when it is not such a request. */
  bodyOf(message: Buffer): Buffer | undefined {
    const end = message.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const length = this.#lengthIn(message.toString('latin1', 0, end));
    return message.length === end + 4 + (length ?? Infinity) ? message.subarray(end + 4) : undefined;
  }

  #lengthIn(head: string): number | undefined {
    const known = this.#heads.get(head);
    if (known !== undefined) return known;
    const length = lengthIn(head, this.#requests);
    if (length === undefined) return undefined;
    if (this.#heads.size === maxKnownHeads) this.#heads = new Map();
    this.#heads.set(head, length);
    return length;
  }
}

/** The headers that change nothing here, and those that are looked at. */
const usualHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'host',
  'pragma',
  'user-agent',
]);

/** A value may hold anything printable; blanks around it are taken off afterwards. */
const headerForm = /^(?<name>[!#$%&'*+.^_`|~\dA-Za-z-]+):(?<value>[\t\x20-\x7e]*)$/;

function lengthIn(head: string, { path, type, maxBodyBytes }: PostedRequests): number | undefined {
  const [line, ...lines] = head.split('\r\n');
  const headers = readHeaders(lines);
  if (line !== `POST ${path} HTTP/1.1` || headers === undefined) return undefined;
  const keepsAlive = (headers.get('connection') ?? 'keep-alive').toLowerCase() === 'keep-alive';
  if (!keepsAlive || !headers.has('host') || headers.get('content-type') !== type) return undefined;
  const length = headers.get('content-length') ?? '';
  return /^\d{1,9}$/.test(length) && Number(length) <= maxBodyBytes ? Number(length) : undefined;
}

/** Nothing when one is unusual, or there twice. */
function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const { name = '', value = '' } = headerForm.exec(line)?.groups ?? {};
    const known = name.toLowerCase();
    if (!usualHeaders.has(known) || headers.has(known)) return undefined;
    headers.set(known, value.trim());
  }
  return headers;
}
