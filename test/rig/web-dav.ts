import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { RunningProgram } from './holdfast-process.ts';
import { takesConnections } from './takes-connections.ts';

/** A WebDAV server that somebody else wrote, for whoever says `mirror` and `secret`; it ends with its scope. */
export class WebDav implements AsyncDisposable {
  /** With name and password, ends with `/`. */
  readonly url: string;
  readonly #server: RunningProgram;

  private constructor(url: string, server: RunningProgram) {
    this.url = url;
    this.#server = server;
  }

  /** Serves `directory`, which is made; over TLS when files of a certificate and its key are named. */
  static async start(
    directory: string,
    tls?: { readonly cert: string; readonly key: string },
  ): Promise<WebDav> {
    mkdirSync(directory, { recursive: true });
    const port = await freePorts(1);
    const words = [
      'serve',
      'webdav',
      directory,
      '--addr',
      `127.0.0.1:${port}`,
      '--user',
      'mirror',
      '--pass',
      'secret',
    ];
    const secured = tls === undefined ? [] : ['--cert', tls.cert, '--key', tls.key];
    const server = new RunningProgram([...words, ...secured], { program: 'rclone' });
    while (!(await takesConnections(port))) await setTimeout(20);
    const scheme = tls === undefined ? 'http' : 'https';
    return new WebDav(`${scheme}://mirror:secret@127.0.0.1:${port}/`, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
