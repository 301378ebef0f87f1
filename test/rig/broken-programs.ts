import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pemOf } from './broken-servers.ts';
import { freePorts } from './free-ports.ts';
import { RunningProgram } from './holdfast-process.ts';
import type { SampleNode } from './sample-certificates.ts';
import { takesConnections } from './takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** Servers of other people, each started as its package brings it, with a configuration in one folder. */
export class BrokenPrograms implements AsyncDisposable {
  readonly #place: TemporaryDirectory = temporaryDirectory();
  readonly #running: RunningProgram[] = [];

  constructor(node: SampleNode, otherRoot: string) {
    const { cert, key } = pemOf(node);
    // Some of them give up their rights before they read.
    chmodSync(this.#place.path, 0o755);
    this.#write('server.crt', cert);
    this.#write('server.key', key);
    this.#write('server.pem', `${cert}${key}`);
    this.#write('other.pem', otherRoot);
  }

  /** `openssl s_server` with these words more. */
  async openssl(...words: readonly string[]): Promise<number> {
    const port = await freePorts(1);
    const shown = words.includes('-nocert')
      ? []
      : [
          '-cert_chain',
          this.#at('server.crt'),
          '-cert',
          this.#at('server.crt'),
          '-key',
          this.#at('server.key'),
        ];
    return await this.#run(
      'openssl',
      [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-quiet',
        ...shown,
        ...words.map((word) => (word === 'OTHER' ? this.#at('other.pem') : word)),
      ],
      port,
    );
  }

  /** nginx with these lines in its one server, which listens as `listen` says after the port. */
  async nginx(listen: string, ...lines: readonly string[]): Promise<number> {
    const port = await freePorts(1);
    const home = this.#folder(`nginx-${port}`);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${home}/${each};`,
    );
    const secured = listen.includes('ssl')
      ? [`ssl_certificate ${this.#at('server.crt')};`, `ssl_certificate_key ${this.#at('server.key')};`]
      : [];
    const server = [`listen 127.0.0.1:${port} ${listen};`, ...secured, ...lines]
      .join('\n')
      .replaceAll('OTHER', this.#at('other.pem'));
    const text = `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;\nevents {}\nhttp { access_log off; ${paths.join(' ')}\nserver {\n${server}\n} }\n`;
    return await this.#run(
      'nginx',
      ['-p', home, '-e', join(home, 'error.log'), '-c', this.#write(`nginx-${port}.conf`, text)],
      port,
    );
  }

  /** haproxy in this mode, binding with these words after the port, before a server that is down. */
  async haproxy(mode: 'http' | 'tcp', bind: string): Promise<number> {
    const port = await freePorts(2);
    const words = bind
      .replace('SSL', `ssl crt ${this.#at('server.pem')}`)
      .replace('OTHER', this.#at('other.pem'));
    const text = `defaults\n mode ${mode}\n timeout connect 1s\n timeout client 5s\n timeout server 5s\n retries 0\nfrontend in\n bind 127.0.0.1:${port} ${words}\n default_backend out\nbackend out\n server down 127.0.0.1:${port + 1}\n`;
    return await this.#run('haproxy', ['-f', this.#write(`haproxy-${port}.cfg`, text)], port);
  }

  /** stunnel before a server that is down. */
  async stunnel(): Promise<number> {
    const port = await freePorts(2);
    const text = `foreground = yes\npid =\n[service]\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:${port + 1}\ncert = ${this.#at('server.pem')}\n`;
    return await this.#run('stunnel', [this.#write(`stunnel-${port}.conf`, text)], port);
  }

  /** OpenLDAP's server, without any data. */
  async slapd(): Promise<number> {
    const port = await freePorts(1);
    const file = this.#write('slapd.conf', `pidfile ${this.#at('slapd.pid')}\n`);
    return await this.#run('slapd', ['-d', '0', '-f', file, '-h', `ldap://127.0.0.1:${port}`], port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((each) => each[Symbol.asyncDispose]()));
    this.#place[Symbol.dispose]();
  }

  async #run(program: string, words: readonly string[], port: number): Promise<number> {
    const running = new RunningProgram(words, {
      program,
      keepsInput: true,
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    this.#running.push(running);
    const ended = running.ended.then(({ stderr, stdout }) => {
      throw new Error(`${program} ended: ${stderr}${stdout}`);
    });
    ended.catch(() => {});
    for (let tried = 0; tried < 500 && !(await takesConnections(port)); tried++)
      await Promise.race([sleep(20), ended]);
    return port;
  }

  #at(name: string): string {
    return join(this.#place.path, name);
  }

  #folder(name: string): string {
    const path = this.#at(name);
    mkdirSync(path);
    chmodSync(path, 0o777);
    return path;
  }

  #write(name: string, text: string): string {
    const path = this.#at(name);
    writeFileSync(path, text);
    chmodSync(path, 0o644);
    return path;
  }
}
