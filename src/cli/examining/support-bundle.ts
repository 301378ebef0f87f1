import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AdminClient } from '../../admin/index.ts';
import { type Node, openNode, readLastConnection, readNodeState } from '../../agent/index.ts';
import { hasAuthority } from '../../authority/index.ts';
import {
  asBuffer,
  type Bytes,
  concatBytes,
  HoldfastError,
  isHoldfastError,
  ownUser,
  programVersion,
  readFileEnd,
  systemErrorCode,
} from '../../base/index.ts';
import { certificatePem } from '../../pki/index.ts';
import { formatTrustBundle } from '../../trust/index.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { readSettings, shownSettings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { showStatus } from '../status.ts';

/** What goes into a bundle besides what is found here. */
interface SupportBundleOptions {
  /** What doctor found. */
  readonly findings: unknown;
  /** The end of the log of the server, where it was in a file. */
  readonly log: string | undefined;
}

/** What is in a bundle, and why the rest is not. */
export interface SupportBundle {
  readonly bytes: Bytes;
  readonly holds: readonly string[];
  readonly missing: readonly { readonly name: string; readonly code: string; readonly message: string }[];
}

/** What is found of one thing: text as it is, anything else as JSON. */
type Gather = (context: Context, options: SupportBundleOptions) => Promise<unknown>;

const parts: Readonly<Record<string, Gather>> = {
  'program.json': (context) => Promise.resolve(programOf(context)),
  'doctor.json': (_context, { findings }) => Promise.resolve(findings),
  'holdfast.toml': async (context) => {
    const settings = await readSettings(await openHome(context.home));
    return settings && shownSettings(settings);
  },
  'status.json': async (context) => (await showStatus(context)).value,
  'policy.json': (context) => ofAuthority(context, (admin) => admin.call('policy.show', {})),
  'audit.json': (context) => ofAuthority(context, (admin) => admin.call('audit.list', { limit: 500 })),
  'issuers.json': (context) => ofAuthority(context, (admin) => admin.call('ca.show', {})),
  'certificates.json': (context) => ofAuthority(context, (admin) => admin.call('cert.list', { limit: 500 })),
  'bound.json': (context) => ofAuthority(context, (admin) => admin.call('tls.list', {})),
  'trust.json': async (context) => trustOf(await ownNode(context)),
  'certificate.pem': async (context) =>
    (await ownNode(context))?.credentials.current.chain.map((der) => certificatePem(der)).join(''),
  'client.json': async (context) => (await ownNode(context))?.clientPolicy,
  'connection.json': async (context) => await readLastConnection((await openHome(context.home)).node),
  'files.json': async (context) => await filesIn((await openHome(context.home)).path),
  'log.jsonl': async (context, { log }) => log ?? (await journal(context)),
};

/**
 * Puts together what somebody else needs to see what is wrong here, as a tar archive under gzip. Each part is gathered by itself, so
 * that what is damaged keeps nothing else out. What is secret is not asked for; and what looks like a secret is left out of every text,
 * whoever wrote it there.
 */
export async function supportBundle(context: Context, options: SupportBundleOptions): Promise<SupportBundle> {
  const files: ArchivedFile[] = [];
  const missing: { name: string; code: string; message: string }[] = [];
  for (const [name, gather] of Object.entries(parts)) {
    try {
      const found = await gather(context, options);
      if (found !== undefined) files.push({ name: `holdfast/${name}`, data: asText(found) });
    } catch (error) {
      const code = isHoldfastError(error) ? error.code : systemErrorCode(error);
      if (code === undefined) throw error;
      missing.push({ name, code, message: withoutSecrets((error as Error).message) });
    }
  }
  files.push({ name: 'holdfast/missing.json', data: asText(missing) });
  const bytes = await promisify(gzip)(tarArchive(files, new Date(context.clock.now())));
  return { bytes, holds: files.map(({ name }) => name), missing };
}

function asText(found: unknown): Bytes {
  const text = typeof found === 'string' ? found : `${JSON.stringify(found, undefined, 2)}\n`;
  return Buffer.from(withoutSecrets(text));
}

/** What secrets look like, whatever they stand in. */
const secretForms: readonly (readonly [form: RegExp, instead: string])[] = [
  [/PRIVATE KEY-----[^-]*/g, 'PRIVATE KEY-----[private key]'],
  [/\bhf1[0-9a-z-]+/gi, '[join code]'],
  [/\bhfb1_[\w-]+/gi, '[bearer token]'],
  [/\bAGE-SECRET-KEY-[0-9a-z-]+/gi, '[recovery key]'],
  [/(:\/\/[^\s/@:"']*:)[^\s/@"']*@/g, '$1[password]@'],
  [/(\b(?:basic|bearer) )[\w+/=.~-]{16,}/gi, '$1[secret]'],
  [
    /([?&](?:password|secret|token|key|sig|signature|x-amz-signature|x-amz-security-token)=)[^&\s"']+/gi,
    '$1[secret]',
  ],
];

/** `text` without what looks like a secret. */
function withoutSecrets(text: string): string {
  return secretForms.reduce((left, [form, instead]) => left.replace(form, instead), text);
}

function programOf({ clock, home, environment }: Context) {
  const named = Object.keys(environment).filter((name) =>
    /^(?:HOLDFAST_|RESTIC_|SSL_CERT_|NODE_|OPENSSL_|\w+_proxy$)/i.test(name),
  );
  return {
    version: programVersion(),
    node: process.versions.node,
    openssl: process.versions.openssl,
    system: `${platform()} ${release()} ${arch()}`,
    user: ownUser(),
    time: new Date(clock.now()).toISOString(),
    home,
    /** Their values may be secret. */
    environment: named.toSorted(),
  };
}

/** Nothing on a machine without one. */
async function ofAuthority(
  context: Context,
  ask: (admin: AdminClient) => Promise<unknown>,
): Promise<unknown> {
  const { path } = await openHome(context.home);
  return (await hasAuthority(path)) ? await askAdmin(context, ask, 'when damaged') : undefined;
}

/** Nothing on a machine that is none. */
async function ownNode(context: Context): Promise<Node | undefined> {
  const { node } = await openHome(context.home);
  return (await readNodeState(node)) === undefined ? undefined : await openNode(node);
}

function trustOf(node: Node | undefined): string | undefined {
  return node && formatTrustBundle(node.bundle.current);
}

const maxFiles = 2000;
/** Folders of which there is only said that they are there: what is in them is many files, or a client's. */
const closed = ['store', 'cache'];

/** Names, sizes and modes of what is in a home, and nothing of what it holds. */
async function filesIn(home: string, below = '', found: object[] = []): Promise<readonly object[]> {
  const names: string[] = await readdir(join(home, below)).catch(() => []);
  for (const name of names.toSorted()) {
    const path = join(below, name);
    const stat = await lstat(join(home, path)).catch(() => undefined);
    if (stat === undefined || found.length > maxFiles) continue;
    const { mode, uid, gid, size, mtime } = stat;
    found.push({ path, mode: mode.toString(8), uid, gid, size, changed: mtime.toISOString() });
    if (stat.isDirectory() && !closed.includes(path)) await filesIn(home, path, found);
  }
  return found;
}

const maxLogBytes = 1024 * 1024;
const journalMs = 10_000;

/** The end of a log. @throws HoldfastError `path_not_found` */
export async function readLog(path: string): Promise<string> {
  const bytes = await readFileEnd(path, {
    maxBytes: maxLogBytes,
    hint: 'name the file into which the server logs',
  });
  return asBuffer(bytes).toString();
}

/** What the service of the guide has logged; nothing where no service does. */
async function journal({ signal }: Context): Promise<string> {
  const words = ['--unit=holdfast', '--lines=5000', '--output=cat', '--no-pager', '--quiet'];
  const limits = { signal, timeout: journalMs, maxBuffer: 16 * maxLogBytes };
  const said = await promisify(execFile)('journalctl', words, limits).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new HoldfastError('path_not_found', 'no journal of the service can be read here', { cause });
  });
  if (said.stdout.trim() !== '') return said.stdout;
  throw new HoldfastError('path_not_found', 'the journal of this machine has nothing of a service holdfast');
}

/** A file in an archive. */
interface ArchivedFile {
  /** At most 100 bytes of ASCII. */
  readonly name: string;
  readonly data: Bytes;
}

const blockBytes = 512;

/** The files as an archive that tar reads (POSIX.1-1988, ustar), each for its owner alone. */
function tarArchive(files: readonly ArchivedFile[], at: Date): Bytes {
  const pieces = files.flatMap((file) => [headerOf(file, at), padded(file.data)]);
  return concatBytes(...pieces, new Uint8Array(2 * blockBytes));
}

/** Name, mode, owner and group, size, time, checksum, kind, and what format it is, each at its place. */
function headerOf({ name, data }: ArchivedFile, at: Date): Bytes {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new TypeError(`no name for a file in an archive: ${name}`);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 'latin1');
  for (const [offset, digits, value] of [
    [100, 7, 0o600],
    [108, 7, 0],
    [116, 7, 0],
    [124, 11, data.length],
    [136, 11, Math.floor(at.getTime() / 1000)],
  ] as const)
    header.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function padded(data: Bytes): Bytes {
  const whole = Buffer.alloc(Math.ceil(data.length / blockBytes) * blockBytes);
  asBuffer(data).copy(whole);
  return whole;
}
