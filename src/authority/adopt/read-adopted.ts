import { createPrivateKey, hash, type KeyObject } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, isHoldfastError, readChosenFile, type Secret, whyNotRead } from '../../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  certificatesFromPkcs7,
  equalNames,
  exportPublicKey,
  openPkcs12,
  parseAnyCrl,
  parseCertificate,
  parsePem,
  pemText,
  signed,
} from '../../pki/index.ts';
import { isSelfSigned } from '../issuers/index.ts';
import type { AdoptedRoot } from './adopted-root.ts';
import { gatherImports, type ImportSources } from './imports.ts';
import { findLayout, type Layout } from './known-layouts.ts';

/** Where an authority that exists is; paths are absolute. */
export interface AdoptSources {
  /** Its directory, or a PKCS#12 file. */
  readonly place?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly chain?: readonly string[] | undefined;
  /** Directories of certificates, and files: certificates, `index.txt`. */
  readonly issued?: readonly string[] | undefined;
  readonly crl?: readonly string[] | undefined;
  /** Asked for where a file is encrypted; told what for. */
  readonly password: (of: string) => Promise<Secret<string>>;
}

/** An authority as it was found. */
export interface FoundAuthority {
  readonly root: AdoptedRoot;
  /** Whose layout it is in, where that was recognised. */
  readonly layout?: string;
}

const maxFileBytes = 4 * 1024 * 1024;
/** An index of a million certificates. */
const maxIndexBytes = 256 * 1024 * 1024;
const maxFiles = 200_000;

/**
 * Reads what an authority is made of, from a directory whose layout is known, a PKCS#12 file, or the files that are named.
 * Nothing is changed anywhere.
 * @throws HoldfastError `usage`, `path_not_found`, `password_wrong`, and what is wrong with a file
 */
export async function readAdopted(sources: AdoptSources): Promise<FoundAuthority> {
  const { place, password } = sources;
  const layout = place !== undefined && (await isDirectory(place)) ? await findLayout(place) : undefined;
  const named = { ...layout, ...definedPaths(sources) };
  const file = named.pkcs12 ?? (layout === undefined ? place : undefined);
  const held = file === undefined ? undefined : await readPkcs12(file, password);
  const { certificate, others } = held ?? (await readCertificateFile(named.certificate));
  const chain = (await Promise.all((named.chain ?? []).map((path) => readCertificatesIn(path)))).flat();
  const { outside, below } = above(certificate, [...others, ...chain]);
  const found = await readIssued(named);
  const imports = gatherImports(certificate, { ...found, certificates: [...found.certificates, ...below] });
  // Last, since a password is asked for.
  const { key, keyFile } = held ?? (await readKey(named.key ?? named.certificate, password));
  return {
    root: { certificate, key, outside, imports, keyFile },
    ...(layout !== undefined && { layout: layout.name }),
  };
}

type Paths = Omit<Partial<Layout>, 'name'>;

function definedPaths({ cert, key, chain, issued, crl }: AdoptSources): Paths {
  return {
    ...(cert !== undefined && { certificate: cert, pkcs12: undefined }),
    ...(key !== undefined && { key }),
    ...(chain !== undefined && { chain }),
    ...(issued !== undefined && { issued }),
    ...(crl !== undefined && { crls: crl }),
  };
}

interface HeldKey {
  readonly key: KeyObject;
  readonly keyFile: NonNullable<AdoptedRoot['keyFile']>;
}

/** The certificate with a key, an authority's where there are several. */
async function readPkcs12(
  path: string,
  ask: AdoptSources['password'],
): Promise<HeldKey & { readonly certificate: Certificate; readonly others: readonly Certificate[] }> {
  const hint = 'name the directory of the authority, a PKCS#12 file, or --cert and --key';
  const bytes = await readChosenFile(path, { maxBytes: maxFileBytes, hint });
  const password = await ask(`password of ${path}`);
  const contents = await openPkcs12(bytes, password);
  const certificates = contents.certificates.map(({ der }) => parseCertificate(der));
  const pairs = contents.keys.flatMap(({ key }) => {
    const spki = Buffer.from(exportPublicKey(key));
    return certificates.filter((each) => spki.equals(each.spki)).map((certificate) => ({ key, certificate }));
  });
  const authorities = pairs.filter((each) => each.certificate.extensions.basicConstraints?.ca === true);
  // The one that none of the others has signed.
  const pair =
    authorities.find(
      (one) => !authorities.some((other) => other !== one && signed(other.certificate, one.certificate)),
    ) ?? pairs[0];
  if (pair === undefined)
    throw new HoldfastError('pkcs12_malformed', `${path} holds no certificate with its private key`, {
      hint,
    });
  const others = certificates.filter((each) => each !== pair.certificate);
  return { ...pair, others, keyFile: keyFileOf(path, bytes, 'encrypted') };
}

function keyFileOf(
  path: string,
  bytes: Uint8Array,
  form: 'clear' | 'encrypted',
): NonNullable<AdoptedRoot['keyFile']> {
  return { path, form, sha256: hash('sha256', bytes) };
}

async function readCertificateFile(
  path: string | undefined,
): Promise<{ readonly certificate: Certificate; readonly others: readonly Certificate[] }> {
  if (path === undefined)
    throw new HoldfastError('usage', 'no certificate of an authority was named', {
      hint: 'name its directory, a PKCS#12 file, or --cert FILE --key FILE',
    });
  const [certificate, ...others] = await readCertificatesIn(path);
  if (certificate !== undefined) return { certificate, others };
  throw new HoldfastError('certificate_malformed', `${path} has no certificate in it`, {
    hint: 'name the certificate of the authority, in PEM or DER',
  });
}

/** PEM, DER or PKCS#7; certificates in the order of the file. */
async function readCertificatesIn(path: string): Promise<Certificate[]> {
  return certificatesOf(await readChosenFile(path, { maxBytes: maxFileBytes }));
}

function certificatesOf(bytes: Buffer): Certificate[] {
  return dersOf(bytes).map((der) => parseCertificate(der));
}

const sequenceTag = 0x30;

function dersOf(bytes: Buffer): readonly Uint8Array[] {
  if (bytes[0] !== sequenceTag)
    return parsePem(withoutKeys(pemText(bytes))).flatMap(({ label, der }) => {
      if (/^(X509 |TRUSTED )?CERTIFICATE$/.test(label)) return [der];
      return label === 'PKCS7' || label === 'CMS' ? certificatesFromPkcs7(der) : [];
    });
  try {
    return [parseCertificate(bytes).der];
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return certificatesFromPkcs7(bytes);
  }
}

/** Keys as openssl encrypted them long ago have lines of their own, and are not to be read here. */
function withoutKeys(text: string): string {
  return text
    .split(/(?=-----BEGIN )/)
    .filter((part) => !/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(part))
    .join('');
}

async function readKey(path: string | undefined, ask: AdoptSources['password']): Promise<HeldKey> {
  if (path === undefined)
    throw new HoldfastError('usage', 'no private key of the authority was named', {
      hint: 'name it: --key FILE',
    });
  const bytes = await readChosenFile(path, { maxBytes: maxFileBytes, hint: 'name the key: --key FILE' });
  const isEncrypted = bytes.includes('ENCRYPTED');
  const password = isEncrypted ? await ask(`password of ${path}`) : undefined;
  const key = openKey(path, bytes, password);
  return { key, keyFile: keyFileOf(path, bytes, isEncrypted ? 'encrypted' : 'clear') };
}

function openKey(path: string, bytes: Buffer, password: Secret<string> | undefined): KeyObject {
  try {
    const isDer = bytes[0] === sequenceTag;
    return isDer
      ? createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
      : createPrivateKey({ key: keyIn(pemText(bytes)), ...(password && { passphrase: password.reveal() }) });
  } catch (cause) {
    if (password !== undefined)
      throw new HoldfastError('password_wrong', `the password does not open ${path}`, {
        hint: 'nothing was changed; name the file of the right one with --password-file',
        cause,
      });
    throw new HoldfastError('key_malformed', `${path} holds no private key that can be read`, {
      hint: 'name the key of the authority in PEM: --key FILE',
      cause,
    });
  }
}

/** What a file has beside the key, parameters of a curve or certificates, is passed over. */
function keyIn(text: string): string {
  return (
    text.split(/(?=-----BEGIN )/).find((part) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(part)) ?? text
  );
}

/** Of what came with a certificate, those above it in order, and the others. */
function above(
  certificate: Certificate,
  others: readonly Certificate[],
): { readonly outside: readonly Certificate[]; readonly below: readonly Certificate[] } {
  const outside: Certificate[] = [];
  for (let last = certificate; !isSelfSigned(last); ) {
    const { issuer } = last;
    const next = others.find((each) => equalNames(each.subject, issuer) && !outside.includes(each));
    if (next === undefined) break;
    outside.push(next);
    last = next;
  }
  return { outside, below: others.filter((each) => !outside.includes(each)) };
}

async function readIssued({ issued = [], index, crls = [], crlNumber }: Paths): Promise<ImportSources> {
  const certificates: Certificate[] = [];
  const indexes: string[] = [];
  const unread: string[] = [];
  for (const path of [...issued, ...(index === undefined ? [] : [index])]) {
    if (await isDirectory(path)) certificates.push(...(await certificatesBelow(path, unread)));
    else {
      const bytes = await readChosenFile(path, { maxBytes: maxIndexBytes });
      const isIndex = /^[VRE]\t/.test(bytes.subarray(0, 2).toString('latin1'));
      const inFile = isIndex ? [] : certificatesOf(bytes);
      // An authority that has issued nothing yet has an index that is empty.
      if (!isIndex && inFile.length === 0 && path !== index) throw nothingIn(path);
      if (isIndex) indexes.push(bytes.toString('utf8'));
      certificates.push(...inFile);
    }
  }
  const lists: AnyCrl[] = [];
  for (const path of crls) lists.push(...crlsOf(await readChosenFile(path, { maxBytes: maxIndexBytes })));
  const next =
    crlNumber === undefined ? '' : (await readChosenFile(crlNumber, { maxBytes: 1024 })).toString();
  const nextCrlNumber = /^[0-9a-f]{1,40}$/i.test(next.trim()) ? BigInt(`0x${next.trim()}`) : undefined;
  return { certificates, indexes, crls: lists, nextCrlNumber, unread };
}

/** Every certificate in the files of a directory. What cannot be read is put into `unread`; what holds none is passed over. */
async function certificatesBelow(directory: string, unread: string[]): Promise<Certificate[]> {
  const all = await readdir(directory).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${directory}: ${whyNotRead(cause)}`, {
      hint: 'name a directory with certificates that this user may read',
      cause,
    });
  });
  const names = all.filter((name) => /\.(?:pem|crt|cer|der)$/i.test(name)).sort();
  if (names.length > maxFiles)
    throw new HoldfastError(
      'input_invalid',
      `${directory} has ${names.length} certificates: at most ${maxFiles} are read`,
      {
        hint: 'name its index.txt instead: --issued FILE',
      },
    );
  const found: Certificate[] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (!(await stat(path)).isFile()) continue;
    const certificates = readable(await readChosenFile(path, { maxBytes: maxFileBytes }));
    if (certificates === undefined) unread.push(path);
    else found.push(...certificates);
  }
  return found;
}

function readable(bytes: Buffer): Certificate[] | undefined {
  try {
    return certificatesOf(bytes);
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}

function crlsOf(bytes: Buffer): AnyCrl[] {
  if (bytes[0] === sequenceTag) return [parseAnyCrl(bytes)];
  return parsePem(pemText(bytes)).flatMap(({ label, der }) =>
    label === 'X509 CRL' ? [parseAnyCrl(der)] : [],
  );
}

/** What cannot be looked at is said by whoever reads it. */
async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function nothingIn(path: string): HoldfastError {
  return new HoldfastError('path_not_found', `${path} holds neither a certificate nor an index`, {
    hint: 'name what the authority had issued: a directory or file of certificates, or index.txt',
  });
}
