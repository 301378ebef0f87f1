import { type CertificateVerdict, verdictOf, verifyPath } from '../../admin/index.ts';
import { openNode } from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import { asBuffer, type Bytes, HoldfastError, parseTime, secondMs } from '../../base/index.ts';
import {
  type Certificate,
  type Crl,
  equalNames,
  formatName,
  parseCrl,
  publicKeyOf,
  verifyCrlSignature,
} from '../../pki/index.ts';
import { limitHandshakes } from '../../transport/index.ts';
import type { ValidPath } from '../../trust/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert verify FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('verify a certificate: path to the root of the network, dates, names, revocation')
      .argument('<file>', 'a PEM or DER file, the certificate first')
      .option('--at <time>', 'judge by this moment, e.g. 2027-01-31T12:00:00Z (default: now)')
      .option('--host <name>', 'also whether it is for this host name or address')
      .addHelpText('after', examples);
  },
  run: verifyCertificateFile,
};

const examples = `
By the records of the authority in its home, or for an administrator; in a client's home by the revocation lists.
Exit code 21: not to be trusted, and why; 22: it is for other names.

Examples:
  holdfast cert verify server.pem --host vault.example
  holdfast cert verify client.pem --at 2027-01-31T12:00:00Z
`;

/** What `cert verify` takes besides the file. */
export interface VerifyOptions {
  readonly at?: string;
  readonly host?: string;
}

/**
 * `holdfast cert verify FILE`: in the home of the authority, or of an administrator, by what is on record there; in any
 * other by this machine's trust bundle and the revocation lists of the network.
 */
async function verifyCertificateFile(
  context: Context,
  file: string,
  options: VerifyOptions,
): Promise<Answer> {
  const chain = await readCertificates(localPath(context.workingDirectory, file));
  const byRecords = await hasRecords(context);
  const verdict = byRecords
    ? await verifyByRecords(context, chain, options)
    : await verifyByLists(context, chain, options);
  return { value: verdict, rows: verdictRows(context, verdict, options) };
}

async function hasRecords(context: Context): Promise<boolean> {
  const home = await openHome(context.home);
  return (await hasAuthority(home.path)) || (await openNode(home.node)).identity.role === 'admin';
}

function verifyByRecords(
  context: Context,
  chain: readonly Bytes[],
  { at, host }: VerifyOptions,
): Promise<CertificateVerdict> {
  return askAdmin(context, (admin) =>
    admin.call('cert.verify', {
      chain: chain.map((der) => asBuffer(der).toString('base64')),
      at,
      host,
    }),
  );
}

async function verifyByLists(
  context: Context,
  chain: readonly Bytes[],
  { at: said, host }: VerifyOptions,
): Promise<CertificateVerdict> {
  const { node } = await openOwnNode(context);
  const at = said === undefined ? new Date(context.clock.now()) : momentOf(said);
  // The issuing certificate may stand in the file, or be the one of this machine's own.
  const known = [...chain, ...node.credentials.current.chain.slice(1)];
  const path = verifyPath(known, { bundle: node.bundle.current, at, host });
  return verdictOf(
    path,
    at,
    await checkLists(path, { now: new Date(context.clock.now()), at, signal: context.signal }),
  );
}

function momentOf(text: string): Date {
  const at = parseTime(text);
  if (at !== undefined) return at;
  throw new HoldfastError('usage', `--at ${text}: expected a time such as 2027-01-31T12:00:00Z`);
}

function* verdictRows(
  { clock }: Context,
  verdict: CertificateVerdict,
  { at, host }: VerifyOptions,
): Iterable<Row> {
  const { subject, identity, path, revocation, notAfter } = verdict;
  yield row('subject', subject, identity ?? '');
  yield row('path', 'good', path.join(' ← '));
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  yield row('dates', 'good', at === undefined ? `${left} left` : `valid at ${at}`);
  if (host !== undefined) yield row('names', 'good', `is for ${host}`);
  yield row('revocation', 'good', revocation);
}

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
