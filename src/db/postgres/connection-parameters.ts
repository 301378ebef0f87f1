import { stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import {
  HoldfastError,
  isHoldfastError,
  readChosenFile,
  Secret,
  secondMs,
  systemErrorCode,
} from '../../base/index.ts';

/** Which PostgreSQL database, as its URL says. */
export interface PostgresParameters {
  /** What messages call it: the URL without a password. */
  readonly name: string;
  /** A name, an address, or the directory of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: Secret<string> | undefined;
  /** A file of passwords as libpq has it; `PGPASSFILE` or `~/.pgpass` unless said. */
  readonly passwordFile: string | undefined;
  /** Of TLS; undefined for a plain connection. */
  readonly tls: PostgresTls | undefined;
}

/** Files with certificates and keys (PEM). The server has to prove that it is the host of the URL. */
interface PostgresTls {
  /** Whom the server's certificate has to come from; those whom this system trusts unless said. */
  readonly roots: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** The words of libpq that a URL may hold (postgresql.org/docs/current/libpq-connect.html), and no others. */
const words = ['host', 'user', 'passfile', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const;
type Word = (typeof words)[number];

const defaultPort = 5432;

/**
 * Reads `postgres://user:password@host:port/database?…`. What is not said is as libpq has it, but for two things: a server
 * beyond this machine has to prove who it is unless `sslmode=disable` is said by name, and no mode in between is known.
 *
 * @throws HoldfastError `settings_invalid`, which never holds the password
 */
export function parsePostgresUrl(secret: Secret<string>): PostgresParameters {
  const url = readUrl(secret);
  const said = readWords(url);
  const host = decode(url.hostname.replace(/^\[|\]$/g, '')) || said.host || 'localhost';
  const user = decode(url.username) || said.user || userInfo().username;
  const database = decode(url.pathname.slice(1)) || user;
  const port = url.port === '' ? defaultPort : Number(url.port);
  const password = decode(url.password);
  return {
    name: nameOf({ host, port, user, database }),
    host,
    port,
    user,
    database,
    password: password === '' ? undefined : new Secret(password),
    passwordFile: said.passfile,
    tls: tlsOf(host, said),
  };
}

/** The bytes of the files that TLS names. @throws HoldfastError `settings_invalid` when one cannot be read */
export async function readTlsFiles(
  tls: PostgresTls,
): Promise<Record<'ca' | 'cert' | 'key', Buffer | undefined>> {
  const { roots, certificate, key } = tls;
  const [ca, cert, secretKey] = await Promise.all([roots, certificate, key].map(readNamed));
  return { ca, cert, key: secretKey };
}

const maxTlsBytes = 1024 * 1024;

async function readNamed(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return await readChosenFile(path, { maxBytes: maxTlsBytes }).catch((cause: unknown) => {
    if (!isHoldfastError(cause)) throw cause;
    throw invalid(cause.message, 'name a file with certificates in the URL', cause);
  });
}

function readUrl(secret: Secret<string>): URL {
  const url = URL.parse(secret.reveal());
  if (url !== null && ['postgres:', 'postgresql:'].includes(url.protocol)) return url;
  throw invalid('it is no postgres:// URL', 'postgres://user@host/database');
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('a percent sign in it begins no character', 'write %25 for a percent sign');
  }
}

function readWords(url: URL): Partial<Record<Word, string>> {
  const unknown = [...url.searchParams.keys()].find((word) => !words.some((known) => known === word));
  if (unknown !== undefined) throw invalid(`it says ${unknown}`, `known are ${words.join(', ')}`);
  return Object.fromEntries(url.searchParams);
}

function nameOf({
  host,
  port,
  user,
  database,
}: Pick<PostgresParameters, 'host' | 'port' | 'user' | 'database'>): string {
  const at = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host;
  return `postgres://${user}@${at}:${port}/${database}`;
}

function tlsOf(host: string, said: Partial<Record<Word, string>>): PostgresTls | undefined {
  const { sslmode = isThisMachine(host) ? 'disable' : 'verify-full' } = said;
  if (sslmode === 'disable') return undefined;
  if (sslmode === 'verify-full')
    return { roots: said.sslrootcert, certificate: said.sslcert, key: said.sslkey };
  const hint = 'sslmode=verify-full, with sslrootcert=FILE for an authority of your own';
  throw invalid(`sslmode=${sslmode} does not prove who the server is`, hint);
}

function isThisMachine(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

function invalid(problem: string, hint: string, cause?: unknown): HoldfastError {
  return new HoldfastError('settings_invalid', `the URL of the database: ${problem}`, { hint, cause });
}

/**
 * The password of a user: of the URL, of `PGPASSWORD`, or of the first line that fits in a file of passwords
 * (postgresql.org/docs/current/libpq-pgpass.html). Read each time that a server asks, so that it can be changed.
 *
 * @param patienceMs how long a pipe is waited for that nobody writes to
 * @throws HoldfastError `path_not_found` for a file that cannot be read, `database_refused` when there is none, `settings_invalid` when others can read the file
 */
export async function findPassword(place: PostgresParameters, patienceMs = 5 * secondMs): Promise<string> {
  const path = place.passwordFile ?? process.env['PGPASSFILE'] ?? join(homedir(), '.pgpass');
  const known =
    place.password?.reveal() ?? process.env['PGPASSWORD'] ?? (await readPassword(path, place, patienceMs));
  if (known !== undefined) return known;
  throw new HoldfastError('database_refused', `${place.name} asks for a password, and none was found`, {
    hint: `put ${place.host}:${place.port}:${place.database}:${place.user}:PASSWORD into ${path}`,
  });
}

const maxBytes = 1024 * 1024;
const hint = 'name a file of passwords as libpq has it: passfile=FILE in the URL';

async function readPassword(
  path: string,
  place: PostgresParameters,
  patienceMs: number,
): Promise<string | undefined> {
  try {
    await checkPrivate(path);
    const text = await readChosenFile(path, { maxBytes, what: 'password file', hint, patienceMs });
    return passwordIn(text.toString('utf8'), place);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function checkPrivate(path: string): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new HoldfastError('settings_invalid', `${path} has mode ${mode.toString(8)}, expected 600`, {
    hint: `chmod 600 ${path}`,
  });
}

function passwordIn(text: string, { host, port, database, user }: PostgresParameters): string | undefined {
  const wanted = [host, String(port), database, user];
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map(fieldsOf)
    .find((fields) => wanted.every((value, index) => fields[index] === '*' || fields[index] === value))?.[4];
}

/** A colon and a backslash within a field stand behind a backslash. */
function fieldsOf(line: string): string[] {
  const unescaped = line.replaceAll(/\\(.)/g, (_, character: string) =>
    character === ':' ? '\0' : character,
  );
  return unescaped.split(':').map((field) => field.replaceAll('\0', ':'));
}
