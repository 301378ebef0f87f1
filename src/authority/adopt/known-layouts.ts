import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';

/** Where an authority of another program has its things; absolute. */
export interface Layout {
  /** Whose layout it is. */
  readonly name: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Certificate and key in one file. */
  readonly pkcs12?: string | undefined;
  readonly chain?: readonly string[];
  readonly index?: string;
  /** Directories with certificates that it issued, or files. */
  readonly issued?: readonly string[];
  readonly crls?: readonly string[];
  readonly crlNumber?: string;
}

/** A layout as it is known: places below the directory, of each the first that is there. */
interface KnownLayout {
  readonly name: string;
  readonly certificate: readonly string[];
  readonly key: readonly string[];
  readonly chain?: readonly string[];
  /** Those that are there are read, all of them. */
  readonly issued?: readonly string[];
  readonly crls?: readonly string[];
}

const known: readonly KnownLayout[] = [
  {
    name: 'easy-rsa',
    certificate: ['pki/ca.crt'],
    key: ['pki/private/ca.key'],
    issued: ['pki/issued', 'pki/certs_by_serial', 'pki/revoked/certs_by_serial'],
    crls: ['pki/crl.pem'],
  },
  {
    name: 'easy-rsa',
    certificate: ['ca.crt'],
    key: ['private/ca.key'],
    issued: ['issued', 'certs_by_serial', 'revoked/certs_by_serial'],
    crls: ['crl.pem'],
  },
  {
    name: 'step-ca',
    certificate: ['certs/root_ca.crt'],
    key: ['secrets/root_ca_key'],
    issued: ['certs'],
  },
  {
    name: 'step-ca',
    certificate: ['certs/intermediate_ca.crt'],
    key: ['secrets/intermediate_ca_key'],
    chain: ['certs/root_ca.crt'],
  },
  {
    name: 'openssl ca',
    certificate: [
      'cacert.pem',
      'ca.crt',
      'ca.pem',
      'ca.cert.pem',
      'certs/ca.cert.pem',
      'certs/ca.crt',
      'certs/cacert.pem',
    ],
    key: ['private/cakey.pem', 'private/ca.key', 'private/ca.key.pem', 'cakey.pem', 'ca.key'],
    chain: ['chain.pem', 'ca-chain.pem', 'certs/ca-chain.cert.pem'],
    issued: ['newcerts', 'certs'],
    crls: ['crl.pem', 'crl/crl.pem', 'crl/ca.crl.pem', 'crl/ca.crl'],
  },
];

/**
 * The authority that is in a directory, by where other programs put things: `openssl ca`, easy-rsa 3, step-ca, and what a
 * Windows authority's backup wrote. @throws HoldfastError `path_not_found` when there is none of these
 */
export async function findLayout(directory: string): Promise<Layout> {
  for (const layout of known) {
    const [certificate] = await present(directory, layout.certificate);
    const [key] = await present(directory, layout.key);
    if (certificate === undefined || key === undefined) continue;
    const base = layout.certificate[0]?.startsWith('pki/') === true ? join(directory, 'pki') : directory;
    const [index] = await present(base, ['index.txt']);
    const [crlNumber] = await present(base, ['crlnumber']);
    return {
      name: layout.name,
      certificate,
      key,
      chain: await present(directory, layout.chain ?? []),
      issued: await present(directory, layout.issued ?? []),
      crls: await present(directory, layout.crls ?? []),
      ...(index !== undefined && { index }),
      ...(crlNumber !== undefined && { crlNumber }),
    };
  }
  return await findBackup(directory);
}

/** `certutil -backup` writes a PKCS#12, and what it has issued into a database that nothing else reads. */
async function findBackup(directory: string): Promise<Layout> {
  const names = await readdir(directory);
  const [first, ...others] = names.filter((name) => /\.(?:p12|pfx)$/i.test(name));
  if (first === undefined || others.length > 0)
    throw new HoldfastError('path_not_found', `${directory} has no authority in a layout that is known`, {
      hint: 'name its files: --cert FILE --key FILE, and what it issued: --issued DIR --crl FILE',
    });
  const ending = (pattern: RegExp): string[] =>
    names.filter((name) => pattern.test(name)).map((name) => join(directory, name));
  return {
    name: 'Windows backup',
    pkcs12: join(directory, first),
    chain: ending(/\.(?:crt|cer|p7b)$/i),
    crls: ending(/\.crl$/i),
  };
}

async function present(directory: string, names: readonly string[]): Promise<string[]> {
  const paths = names.map((name) => join(directory, name));
  const found = await Promise.all(paths.map(isThere));
  return paths.filter((_, index) => found[index]);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}
