import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The kinds of keys that requests are made for here, in the words of `openssl genpkey`. */
const keyWords = {
  p256: ['EC', 'ec_paramgen_curve:P-256'],
  p384: ['EC', 'ec_paramgen_curve:P-384'],
  secp256k1: ['EC', 'ec_paramgen_curve:secp256k1'],
  rsa2048: ['RSA', 'rsa_keygen_bits:2048'],
  rsa1024: ['RSA', 'rsa_keygen_bits:1024'],
} as const;

/** What `openssl req` is asked for. */
export interface OpensslShape {
  readonly subject?: string;
  /** As `-addext` takes them. */
  readonly extensions?: readonly string[];
  readonly key?: keyof typeof keyWords | 'ed25519';
  /** Further options. */
  readonly options?: readonly string[];
}

/** The DER of a request of `openssl req` for a new key. */
export async function byOpenssl({
  subject = '/',
  extensions = [],
  key = 'p256',
  options = [],
}: OpensslShape): Promise<Buffer> {
  return await inDirectory(async (directory) => {
    const [algorithm, option] = key === 'ed25519' ? ['ED25519'] : keyWords[key];
    const bits = option === undefined ? [] : ['-pkeyopt', option];
    await run('openssl', ['genpkey', '-algorithm', algorithm, ...bits, '-out', 'key.pem'], {
      cwd: directory,
    });
    await writeFile(join(directory, 'openssl.cnf'), '[req]\ndistinguished_name=dn\n[dn]\n');
    const added = extensions.flatMap((each) => ['-addext', each]);
    const files = ['-config', 'openssl.cnf', '-key', 'key.pem', '-outform', 'DER', '-out', 'request.der'];
    const words = ['req', '-new', '-utf8', ...files, '-subj', subject, ...added, ...options];
    await run('openssl', words, { cwd: directory });
    return await readFile(join(directory, 'request.der'));
  });
}

/** The PEM, with GnuTLS's text around it, of a request of `certtool` by the lines of its template. */
export async function byCerttool(...lines: readonly string[]): Promise<Buffer> {
  return await inDirectory(async (directory) => {
    await writeFile(join(directory, 'template'), `${lines.join('\n')}\n`);
    const make = [
      '--generate-privkey',
      '--key-type',
      'ecdsa',
      '--curve',
      'secp256r1',
      '--outfile',
      'key.pem',
    ];
    await run('certtool', make, { cwd: directory });
    const files = ['--load-privkey', 'key.pem', '--template', 'template', '--outfile', 'request.pem'];
    await run('certtool', ['--generate-request', ...files], { cwd: directory });
    return await readFile(join(directory, 'request.pem'));
  });
}

/** The PEM of a request of Java's `keytool`, for a key of its own kind of store. */
export async function byKeytool(subject: string, ...options: readonly string[]): Promise<Buffer> {
  return await inDirectory(async (directory) => {
    const store = ['-keystore', 'store.p12', '-storepass', 'changeit', '-alias', 'own'];
    const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', subject];
    await run('keytool', ['-genkeypair', ...store, ...key], { cwd: directory });
    await run('keytool', ['-certreq', ...store, '-file', 'request.pem', ...options], { cwd: directory });
    return await readFile(join(directory, 'request.pem'));
  });
}

/** The PEM that `certmonger` hands to the helper of an authority, for the options of `getcert request`; it keeps nothing outside. */
export async function byCertmonger(...options: readonly string[]): Promise<Buffer> {
  return await inDirectory(async (directory) => {
    const at = (name: string): string => join(directory, name);
    const keep =
      '[ "$CERTMONGER_OPERATION" = SUBMIT ] || exit 6\nprintf %s "$CERTMONGER_CSR" > "$0.csr"\nexit 2\n';
    await writeFile(at('helper'), `#!/bin/sh\n${keep}`, { mode: 0o755 });
    const places = ['REQUESTS', 'CAS', 'LOCAL_CA'].map(
      (name) => [`CERTMONGER_${name}_DIR`, at(name)] as const,
    );
    for (const [, place] of places) await mkdir(place);
    const env = { ...process.env, HOME: directory, ...Object.fromEntries(places) };
    const files = ['-k', at('key.pem'), '-f', at('certificate.pem')];
    const script = 'getcert add-ca -s -c own -e "$0"; getcert request -s -w -c own "$@" || [ -s "$0.csr" ]';
    await run('dbus-run-session', ['--', 'sh', '-c', script, at('helper'), ...files, ...options], { env });
    return await readFile(at('helper.csr'));
  });
}

/** The PEM of a request of NSS's `certutil`, for a P-256 key in a database of its own. */
export async function byCertutil(subject: string, ...options: readonly string[]): Promise<Buffer> {
  return await inDirectory(async (directory) => {
    await writeFile(join(directory, 'password'), 'of the database\n');
    await writeFile(join(directory, 'noise'), randomBytes(2048));
    const database = ['-d', directory, '-f', 'password'];
    await run('certutil', ['-N', ...database], { cwd: directory });
    const key = ['-k', 'ec', '-q', 'nistp256', '-z', 'noise'];
    const words = ['-R', ...database, ...key, '-s', subject, '-a', '-o', 'request.pem', ...options];
    await run('certutil', words, { cwd: directory });
    return await readFile(join(directory, 'request.pem'));
  });
}

/** A request written byte by byte, for what no tool here makes. */
export interface DerShape {
  /** Attributes of the subject, one a level: identifier, identifier of its string type, text or what stands for it. */
  readonly subject?: readonly SubjectAttribute[];
  /** The levels of the subject instead, where one has several attributes, or none. */
  readonly levels?: readonly (readonly SubjectAttribute[])[];
  /** As it is written: 0 unless said. */
  readonly version?: number;
  /** Identifier and content of each extension. */
  readonly extensions?: readonly (readonly [oid: string, value: Buffer])[];
  /** What the extensions are asked for by; PKCS#9's attribute unless said. */
  readonly extensionRequest?: string;
  /** Identifier and value of each attribute; one with nothing in it has an empty SET. */
  readonly attributes?: readonly (readonly [oid: string, value: Buffer])[];
  /** The signature's algorithm as an AlgorithmIdentifier, where it is not ecdsa-with-SHA256 (RFC 5758 §3.2). */
  readonly algorithm?: Buffer;
}

type SubjectAttribute = readonly [oid: string, tag: number, text: string | Buffer];

/** The DER of a request with a P-256 key. */
export function byHand({
  subject = [],
  levels = subject.map((attribute) => [attribute]),
  version = 0,
  extensions = [],
  attributes = [],
  extensionRequest = '1.2.840.113549.1.9.14',
  algorithm = tlv(0x30, oid('1.2.840.10045.4.3.2')),
}: DerShape): Buffer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = levels.map((level) => tlv(0x31, ...level.map(subjectAttribute)));
  const asked = extensions.map(([type, value]) => tlv(0x30, oid(type), tlv(0x04, value)));
  const all = [
    ...attributes,
    ...(asked.length > 0 ? [[extensionRequest, tlv(0x30, ...asked)] as const] : []),
  ].map(([type, value]) => tlv(0x30, oid(type), tlv(0x31, value)));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return signedRequest(
    tlv(0x30, tlv(0x02, Buffer.of(version)), tlv(0x30, ...name), spki, tlv(0xa0, ...all)),
    privateKey,
    algorithm,
  );
}

function subjectAttribute([type, tag, text]: SubjectAttribute): Buffer {
  const encoding = tag === 0x1e ? 'utf16le' : 'utf8';
  return tlv(0x30, oid(type), tlv(tag, typeof text === 'string' ? Buffer.from(text, encoding) : text));
}

function signedRequest(info: Buffer, key: KeyObject, algorithm: Buffer): Buffer {
  return tlv(0x30, info, algorithm, tlv(0x03, Buffer.of(0), sign('sha256', info, key)));
}

/** One element of DER. */
export function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), body]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...bytes), body]);
}

/** An object identifier. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    digits.unshift(0x80 | (left % 128));
  return digits;
}

/** PEM of a request under a label that is in use. */
export function pemOf(der: Buffer, label = 'CERTIFICATE REQUEST', lineEnd = '\n'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join(lineEnd);
}

async function inDirectory(work: (directory: string) => Promise<Buffer>): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-shape-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
