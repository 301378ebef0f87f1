import { runProgram } from './holdfast-process.ts';

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const isAuthority = [
  ['-addext', 'basicConstraints=critical,CA:TRUE'],
  ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
].flat();

/** An authority that is not ours, by openssl: `root.pem` and `issuing.pem` with their keys, in a directory. */
export class OutsideAuthority {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async make(directory: string): Promise<OutsideAuthority> {
    const authority = new OutsideAuthority(directory);
    await authority.#selfSign('root', []);
    await authority.#selfSign('issuing', ['-CA', 'root.pem', '-CAkey', 'root.key']);
    return authority;
  }

  /** Issues for a request, with the names that it asks for; files are named within the directory. */
  async issue(request: string, out: string, days = 30): Promise<void> {
    const by = ['-CA', 'issuing.pem', '-CAkey', 'issuing.key', '-copy_extensions', 'copy'];
    await this.#openssl('x509', '-req', '-in', request, ...by, '-days', String(days), '-out', out);
  }

  async #selfSign(name: string, by: readonly string[]): Promise<void> {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    await this.#openssl(
      'req',
      '-x509',
      ...newKey,
      ...by,
      '-subj',
      `/CN=Outside ${name}`,
      ...files,
      ...isAuthority,
    );
  }

  async #openssl(...words: string[]): Promise<void> {
    await runProgram('openssl', words, { cwd: this.#directory });
  }
}
