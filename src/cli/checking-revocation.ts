import { type Bytes, HoldfastError, secondMs } from '../base/index.ts';
import {
  type Certificate,
  type Crl,
  equalNames,
  formatName,
  parseCrl,
  publicKeyOf,
  verifyCrlSignature,
} from '../pki/index.ts';
import { limitHandshakes } from '../transport/index.ts';
import type { ValidPath } from '../trust/index.ts';

/** When, and until when to wait. */
export interface ListCheck {
  /** What the lists have to be good at. */
  readonly now: Date;
  /** What revocations have to be older than. */
  readonly at: Date;
  readonly signal: AbortSignal;
}

const maxListBytes = 64 * 1024 * 1024;
const timeoutMs = 30 * secondMs;

/**
 * Looks every certificate of a path, but the root, up in the revocation list that it names (RFC 5280 §6.3) and says what
 * was looked at.
 * @throws HoldfastError `certificate_revoked`; `connection_failed` for a list that cannot be had, `crl_malformed` for one
 *   that cannot be believed
 */
export async function checkLists(path: ValidPath, check: ListCheck): Promise<string> {
  const numbers: string[] = [];
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1] as Certificate;
    const [url] = certificate.extensions.crlUrls ?? [];
    if (url === undefined) continue;
    const crl = await readList(url, issuer, check);
    checkEntry(crl, certificate, check);
    numbers.push(`${new URL(url).pathname.split('/').at(-1)} of ${crl.thisUpdate.toISOString()}`);
  }
  return numbers.length === 0 ? 'not looked at: no list is named' : `not in ${numbers.join(', ')}`;
}

async function readList(url: string, issuer: Certificate, { now, signal }: ListCheck): Promise<Crl> {
  const crl = parseCrl(await download(url, signal));
  const problem = problemOf(crl, issuer, now);
  if (problem === undefined) return crl;
  throw new HoldfastError('crl_malformed', `the revocation list ${url} ${problem}`, {
    hint: 'is the server of the network up? it signs a new list ahead of time',
  });
}

function problemOf(crl: Crl, issuer: Certificate, now: Date): string | undefined {
  if (!equalNames(crl.issuer, issuer.subject)) return `is of ${formatName(crl.issuer)}`;
  if (!verifyCrlSignature(crl, publicKeyOf(issuer))) return `is not signed by ${formatName(issuer.subject)}`;
  if (crl.unknownCritical.length > 0) return `has the critical extension ${crl.unknownCritical.join(', ')}`;
  return now > crl.nextUpdate ? `ended ${crl.nextUpdate.toISOString()}` : undefined;
}

function checkEntry(crl: Crl, { serial }: Certificate, { at }: ListCheck): void {
  const entry = crl.revoked.get(serial);
  if (entry === undefined || entry.revokedAt > at) return;
  const since = `since ${entry.revokedAt.toISOString()}, ${entry.reason}`;
  throw new HoldfastError('certificate_revoked', `certificate ${serial} is revoked ${since}`);
}

/** Over plain HTTP: what comes is signed. */
async function download(url: string, signal: AbortSignal): Promise<Bytes> {
  limitHandshakes();
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await readBounded(response);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('connection_failed', `the revocation list ${url} cannot be had: ${reason}`, {
      cause,
    });
  }
}

async function readBounded(response: Response): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxListBytes) throw new RangeError(`more than ${maxListBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
