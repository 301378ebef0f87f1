import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  asBuffer,
  type Bytes,
  HoldfastError,
  isHoldfastError,
  type Secret,
  whyNotRead,
} from '../../base/index.ts';
import { type Certificate, createPkcs12, encodePvk, parseCertificate } from '../../pki/index.ts';
import type { Keyed } from './link-certificates.ts';
import type { Links } from './links.ts';
import { parseBundle, type SiteBundle } from './site-bundle.ts';

/** A file that is to be written. */
export interface SiteFile {
  readonly name: string;
  readonly bytes: Bytes;
  /** Whether it has a private key in it, which is for this machine alone. */
  readonly isPrivate: boolean;
}

/** What the file is called in which a site says what it is. */
const siteEnding = '.site';
const keyEndings = ['.pfx', '.p12', '.pvk', '.key'];
/** More than that is no folder of a site. */
const maxFiles = 1000;
const maxFileBytes = 2 * 1024 * 1024;

/** What others need to trust this site, and can have: nothing of it is secret. */
export function publicFiles({ own }: Links): SiteFile[] {
  const certificates = [
    ...own.servers.map((each) => ['SyncServer', each] as const),
    ...own.clients.map((each) => ['SyncClient', each] as const),
  ];
  return [
    { name: `${own.site}${siteEnding}`, bytes: Buffer.from(own.text), isPrivate: false },
    ...certificates.map(([kind, { der }]) => ({
      name: `${own.site}_${kind}.cer`,
      bytes: der,
      isPrivate: false,
    })),
  ];
}

/**
 * The same certificates with their private keys, as older programs of this machine read them.
 * @throws HoldfastError `key_unsupported` where the keys are not RSA, which is all that a .pvk can hold
 */
export async function privateFiles(links: Links, password: Secret<string>): Promise<SiteFile[]> {
  const files = await Promise.all([
    keyFiles(links, links.keyed('server'), 'SyncServer', password),
    keyFiles(links, links.keyed('client'), 'SyncClient', password),
  ]);
  return files.flat();
}

async function keyFiles(
  { own }: Links,
  { der, key }: Keyed,
  kind: string,
  password: Secret<string>,
): Promise<SiteFile[]> {
  const name = `${own.site}_${kind}`;
  const contents = { keys: [{ name, key }], certificates: [{ der }, { der: own.root.der }] };
  const pvk = encodePvk(key);
  const pfx = await createPkcs12(contents, { password });
  return [
    { name: `${name}.pfx`, bytes: pfx, isPrivate: true },
    { name: `${name}.pvk`, bytes: pvk, isPrivate: true },
  ];
}

/**
 * Reads the files of one site from a folder that was brought from elsewhere.
 * @throws HoldfastError `site_files_missing`, `site_files_mixed`, `site_key_exposed`, `site_file_damaged`, `path_not_found`
 */
export async function readSiteFiles(directory: string): Promise<SiteBundle> {
  const files = await filesIn(directory);
  const exposed = files.filter(({ name, bytes }) => holdsKey(name, bytes)).map(({ name }) => name);
  if (exposed.length > 0)
    throw new HoldfastError(
      'site_key_exposed',
      `${directory} has a private key in it: ${exposed.join(', ')}`,
      {
        names: exposed,
      },
    );
  const bundles = files.filter(({ name }) => name.endsWith(siteEnding));
  if (bundles.length > 1)
    throw mixed(
      directory,
      bundles.map(({ name }) => name),
    );
  const [found] = bundles;
  if (found === undefined)
    throw new HoldfastError('site_files_missing', `${directory} has no file with the ending ${siteEnding}`);
  const bundle = readBundle(directory, found);
  checkCertificateFiles(directory, files, bundle);
  return bundle;
}

interface FoundFile {
  readonly name: string;
  readonly bytes: Bytes;
}

async function filesIn(directory: string): Promise<FoundFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${directory}: ${whyNotRead(cause)}`, { cause });
  });
  if (names.length > maxFiles)
    throw new HoldfastError(
      'site_files_missing',
      `${directory} has ${names.length} entries, and is no folder of a site`,
    );
  const files: FoundFile[] = [];
  for (const name of names.sort()) {
    const path = join(directory, name);
    const found = await stat(path);
    if (!found.isFile() || found.size > maxFileBytes) continue;
    files.push({ name, bytes: await readFile(path) });
  }
  return files;
}

/** By its name or, whatever it is called, by what is in it. */
function holdsKey(name: string, bytes: Bytes): boolean {
  if (keyEndings.some((ending) => name.toLowerCase().endsWith(ending))) return true;
  const buffer = asBuffer(bytes);
  return buffer.includes('PRIVATE KEY-----') || (buffer.length >= 4 && buffer.readUInt32LE(0) === 0xb0b5f11e);
}

function readBundle(directory: string, { name, bytes }: FoundFile): SiteBundle {
  try {
    return parseBundle(asBuffer(bytes).toString());
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError(error.code, `${join(directory, name)}: ${error.message}`, { cause: error });
  }
}

/** Each certificate that lies beside is one of those that the site has signed: one that was exchanged is found. */
function checkCertificateFiles(directory: string, files: readonly FoundFile[], bundle: SiteBundle): void {
  const known = [bundle.root, ...bundle.servers, ...bundle.clients].map(({ fingerprint }) => fingerprint);
  for (const { name, bytes } of files.filter((each) => /\.(cer|crt|der)$/i.test(each.name))) {
    const certificate = readCertificate(directory, name, bytes);
    if (known.includes(certificate.fingerprint)) continue;
    const other = siteOf(certificate);
    if (other !== undefined && other !== bundle.site)
      throw mixed(directory, [bundle.site, `${other} (${name})`]);
    throw new HoldfastError(
      'site_file_damaged',
      `${join(directory, name)} has the fingerprint ${certificate.fingerprint}, and the site ${bundle.site} has signed ${known.slice(1).join(' and ')}`,
    );
  }
}

function readCertificate(directory: string, name: string, bytes: Bytes): Certificate {
  try {
    return parseCertificate(bytes);
  } catch (cause) {
    if (!isHoldfastError(cause)) throw cause;
    throw new HoldfastError('site_file_damaged', `${join(directory, name)}: ${cause.message}`, { cause });
  }
}

function siteOf({ extensions }: Certificate): string | undefined {
  const [uri] = extensions.subjectAltNames.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
  return uri?.match(/\/link\/([^/]+)\/(?:server|client)$/)?.[1];
}

function mixed(directory: string, sites: readonly string[]): HoldfastError {
  return new HoldfastError(
    'site_files_mixed',
    `${directory} has files of ${sites.length} sites: ${sites.join(', ')}`,
    { names: sites },
  );
}
