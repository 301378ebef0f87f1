import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bytes } from '../base/index.ts';

const run = promisify(execFile);

const config = `[req]
distinguished_name=dn
x509_extensions=ca
[ca]
basicConstraints=CA:TRUE
subjectKeyIdentifier=hash
[dn]
CN=some
`;

/** The options that make openssl use a fresh key on a curve. */
export function ecKey(curve: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];
}

/** The words of a command, none of which has a blank in it. */
export function words(text: string): string[] {
  return text.split(' ');
}

/** The options that make openssl put extensions in, each `name=value` as its manual has it. */
export function adding(...extensions: readonly string[]): string[] {
  return extensions.flatMap((extension) => ['-addext', extension]);
}

/** The DER of a self-signed certificate as openssl makes it; `sections` go at the end of its configuration. */
export async function selfSigned(options: readonly string[], sections = ''): Promise<Buffer> {
  await using openssl = await Openssl.open();
  await openssl.write('openssl.cnf', config + sections);
  const subject = options.includes('-subj') ? [] : ['-subj', '/CN=made by openssl'];
  const where = ['-config', 'openssl.cnf', '-keyout', 'key.pem', '-outform', 'DER', '-out', 'cert.der'];
  await openssl.run('req', '-x509', '-nodes', ...options, ...subject, ...where);
  return await openssl.read('cert.der');
}

/** The real openssl in a directory of its own, the judge of what is written here and the maker of what is read. */
export class Openssl implements AsyncDisposable {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Openssl> {
    return new Openssl(await mkdtemp(join(tmpdir(), 'holdfast-openssl-')));
  }

  /** Runs one command in the directory; resolves to all it says, rejects with it when the command fails. */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run('openssl', args, { cwd: this.directory });
    return stdout + stderr;
  }

  async write(name: string, content: Bytes | string): Promise<void> {
    await writeFile(join(this.directory, name), content);
  }

  async read(name: string): Promise<Buffer> {
    return readFile(join(this.directory, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
