import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateRequest, createName, generateKeyPair, requestPem } from '../../src/pki/index.ts';
import { runProgram } from './holdfast-process.ts';

const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

const configuration = `
[ca]
default_ca = own
[own]
dir = .
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/cacert.pem
private_key = $dir/private/cakey.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
default_md = sha256
default_days = 365
default_crl_days = 30
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth
subjectAltName = DNS:old.example
crlDistributionPoints = URI:http://pki.old.example/old.crl
[authority]
basicConstraints = critical,CA:TRUE,pathlen:1
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** How the certificate of an authority is made. */
export interface AuthorityOptions {
  /** Who signs it; itself unless given. */
  readonly by?: OpensslCa;
  /** What the one that signs it says in it; an authority with path length 1 unless given. */
  readonly signedAs?: readonly string[];
  /** Protects its key. */
  readonly password?: string;
  /** What it says beside being an authority, e.g. `keyUsage=critical,keyCertSign`; instead of the usual. */
  readonly extensions?: readonly string[];
  readonly days?: number;
  readonly key?: readonly string[];
}

/** An authority as `openssl ca` keeps it in a directory, its certificate signed by itself or by another one. */
export class OpensslCa {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(directory: string, name: string, options: AuthorityOptions = {}): Promise<OpensslCa> {
    for (const each of ['private', 'newcerts']) mkdirSync(join(directory, each), { recursive: true });
    const ca = new OpensslCa(directory);
    writeFileSync(join(directory, 'openssl.cnf'), configuration);
    writeFileSync(join(directory, 'index.txt'), '');
    writeFileSync(join(directory, 'serial'), '1000\n');
    writeFileSync(join(directory, 'crlnumber'), '05\n');
    const { by, password, days = 3650, key = ecKey, extensions = usual } = options;
    const protection = password === undefined ? ['-nodes'] : ['-passout', `pass:${password}`];
    const files = ['-keyout', 'private/cakey.pem', '-subj', `/C=DE/O=Old/CN=${name}`];
    const added = extensions.flatMap((each) => ['-addext', each]);
    if (by === undefined)
      await ca.openssl(
        'req',
        '-x509',
        ...key,
        ...protection,
        ...files,
        ...added,
        '-days',
        String(days),
        '-out',
        'cacert.pem',
      );
    else {
      await ca.openssl('req', '-new', ...key, ...protection, ...files, '-out', 'ca.csr');
      writeFileSync(
        join(directory, 'cacert.pem'),
        await by.signAs(join(directory, 'ca.csr'), options.signedAs ?? authority),
      );
    }
    return ca;
  }

  /** Signs a request, and gives the certificate in PEM. */
  async sign(
    request: string,
    { extensions = 'leaf' }: { readonly extensions?: 'leaf' | 'authority' } = {},
  ): Promise<string> {
    await this.#ca('-extensions', extensions, '-in', request, '-out', 'signed.pem', '-notext');
    return readFileSync(join(this.directory, 'signed.pem'), 'utf8');
  }

  /** Signs a request with these extensions, e.g. `keyUsage=critical,keyCertSign`, and gives the certificate in PEM. */
  async signAs(
    request: string,
    extensions: readonly string[],
    words: readonly string[] = [],
  ): Promise<string> {
    const said = extensions.some((each) => each.startsWith('subjectKeyIdentifier'));
    const lines = [
      ...(said ? [] : ['subjectKeyIdentifier=hash']),
      'authorityKeyIdentifier=keyid',
      ...extensions,
    ];
    writeFileSync(join(this.directory, 'signed.cnf'), `[signed]\n${lines.join('\n')}\n`);
    await this.#ca(
      '-extfile',
      'signed.cnf',
      '-extensions',
      'signed',
      '-in',
      request,
      '-out',
      'signed.pem',
      '-notext',
      ...words,
    );
    return readFileSync(join(this.directory, 'signed.pem'), 'utf8');
  }

  /** Issues certificates for these names, all of one key, in one go. */
  async issue(names: readonly string[]): Promise<void> {
    await this.#ca('-infiles', ...(await writeRequests(this.directory, names)));
  }

  /** Revokes a certificate by its number as the index has it. */
  async revoke(serial: string, reason: string): Promise<void> {
    await this.#ca('-revoke', `newcerts/${serial}.pem`, '-crl_reason', reason);
  }

  async signList(): Promise<void> {
    await this.#ca('-gencrl', '-out', 'crl.pem');
  }

  async openssl(...words: readonly string[]): Promise<void> {
    await runProgram('openssl', words, { cwd: this.directory });
  }

  async #ca(...words: readonly string[]): Promise<void> {
    await this.openssl('ca', '-batch', '-config', 'openssl.cnf', ...words);
  }
}

const authority = ['basicConstraints=critical,CA:TRUE,pathlen:1', 'keyUsage=critical,keyCertSign,cRLSign'];
const usual = ['keyUsage=critical,keyCertSign,cRLSign'];

/** An authority as easy-rsa 3 keeps it, made by that program: `NAME.csr` are signed in one go by what it signs with. */
export class EasyRsa {
  readonly directory: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(directory: string) {
    this.directory = directory;
    this.#env = {
      EASYRSA_BATCH: '1',
      EASYRSA_ALGO: 'ec',
      EASYRSA_CURVE: 'prime256v1',
      EASYRSA_PKI: join(directory, 'pki'),
    };
  }

  static async make(directory: string, name: string): Promise<EasyRsa> {
    mkdirSync(directory, { recursive: true });
    const ca = new EasyRsa(directory);
    await ca.#easyrsa(['init-pki']);
    await ca.#easyrsa(['build-ca', 'nopass'], { EASYRSA_REQ_CN: name });
    return ca;
  }

  /** Makes key and certificate of a client as its guide says. */
  async client(name: string): Promise<void> {
    await this.#easyrsa(['build-client-full', name, 'nopass']);
  }

  /** Signs certificates for these names, all of one key, by its own configuration. */
  async issue(names: readonly string[]): Promise<void> {
    const pki = join(this.directory, 'pki');
    const signing = [
      'ca',
      '-batch',
      '-config',
      join(pki, 'safessl-easyrsa.cnf'),
      '-days',
      '825',
      '-md',
      'sha256',
    ];
    const files = await writeRequests(this.directory, names);
    await runProgram('openssl', [...signing, '-infiles', ...files], { cwd: this.directory });
  }

  async revoke(name: string, reason: string): Promise<void> {
    await this.#easyrsa(['revoke', name, reason]);
  }

  async signList(): Promise<void> {
    await this.#easyrsa(['gen-crl']);
  }

  async #easyrsa(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    await runProgram('/usr/share/easy-rsa/easyrsa', words, {
      cwd: this.directory,
      env: { ...this.#env, ...env },
    });
  }
}

async function writeRequests(directory: string, names: readonly string[]): Promise<string[]> {
  const { privateKey } = await generateKeyPair('p256');
  return names.map((name) => {
    const template = { subject: createName({ CN: name }), subjectAltNames: [] };
    writeFileSync(join(directory, `${name}.csr`), requestPem(createCertificateRequest(template, privateKey)));
    return `${name}.csr`;
  });
}
