import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pemOf } from './broken-servers.ts';
import type { FirewalledHost } from './firewalled-host.ts';
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

  /** nginx on such a host; its address and port. */
  async nginxBehind(
    { name, address }: Pick<FirewalledHost, 'name' | 'address'>,
    port: number,
  ): Promise<string> {
    await this.#run(
      'ip',
      [
        'netns',
        'exec',
        name,
        'nginx',
        ...this.#nginxWords(`${address}:${port}`, 'ssl', ['ssl_protocols TLSv1.3;']),
      ],
      port,
      address,
    );
    return `${address}:${port}`;
  }

  /** nginx with these lines in its one server, which listens as `listen` says after the port. */
  async nginx(listen: string, ...lines: readonly string[]): Promise<number> {
    const port = await freePorts(1);
    return await this.#run('nginx', this.#nginxWords(`127.0.0.1:${port}`, listen, lines), port);
  }

  #nginxWords(at: string, listen: string, lines: readonly string[]): string[] {
    const called = `nginx-${at.replace(':', '-')}`;
    const home = this.#folder(called);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (each) => `${each}_temp_path ${home}/${each};`,
    );
    const secured = listen.includes('ssl')
      ? [`ssl_certificate ${this.#at('server.crt')};`, `ssl_certificate_key ${this.#at('server.key')};`]
      : [];
    const server = [`listen ${at} ${listen};`, ...secured, ...lines]
      .join('\n')
      .replaceAll('OTHER', this.#at('other.pem'));
    const text = `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;\nevents {}\nhttp { access_log off; ${paths.join(' ')}\nserver {\n${server}\n} }\n`;
    return ['-p', home, '-e', join(home, 'error.log'), '-c', this.#write(`${called}.conf`, text)];
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

  /** Dovecot, whose IMAP begins TLS by STARTTLS at its first port and with the connection at its second; the first is given. */
  async dovecot(): Promise<number> {
    const port = await freePorts(2);
    const home = this.#folder(`dovecot-${port}`);
    const listener = (name: string, at: number, more = ''): string =>
      `inet_listener ${name} {\n address = 127.0.0.1\n port = ${at}\n${more} }\n`;
    const text = `base_dir = ${home}/run
state_dir = ${home}/state
log_path = ${home}/log
protocols = imap
ssl = required
ssl_cert = <${this.#at('server.crt')}
ssl_key = <${this.#at('server.key')}
passdb {
 driver = static
 args = password=x
}
userdb {
 driver = static
 args = uid=nobody gid=nogroup home=${home}
}
service imap-login {
 service_count = 0
 process_min_avail = 1
 ${listener('imap', port)} ${listener('imaps', port + 1, ' ssl = yes\n')}}
`;
    return await this.#run('dovecot', ['-F', '-c', this.#write(`dovecot-${port}.conf`, text)], port);
  }

  /** PostgreSQL, which takes TLS or not. */
  async postgres(ssl: 'on' | 'off'): Promise<number> {
    const port = await freePorts(1);
    const home = this.#folder(`postgres-${port}`);
    const data = join(home, 'data');
    const [initdb = 'initdb'] = globSync('/usr/lib/postgresql/*/bin/initdb');
    const asUser = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--'];
    execFileSync('setpriv', [...asUser, initdb, '-D', data, '--auth=trust', '--no-sync'], {
      stdio: 'ignore',
    });
    const secured = ['server.crt', 'server.key'].map((name) => {
      const copy = join(data, name);
      execFileSync('install', ['-o', 'postgres', '-m', '600', this.#at(name), copy]);
      return copy;
    });
    const settings = [`ssl=${ssl}`, `ssl_cert_file=${secured[0]}`, `ssl_key_file=${secured[1]}`].flatMap(
      (each) => ['-c', each],
    );
    const words = [
      ...asUser,
      join(dirname(initdb), 'postgres'),
      '-D',
      data,
      '-p',
      `${port}`,
      '-h',
      '127.0.0.1',
      '-k',
      home,
    ];
    return await this.#run('setpriv', [...words, ...settings], port);
  }

  /** Bacula's file daemon, which waits for its director. */
  async bacula(): Promise<number> {
    const port = await freePorts(1);
    const home = this.#folder(`bacula-${port}`);
    const text = `Director {\n Name = dir\n Password = "secret"\n}
FileDaemon {\n Name = fd\n FDAddress = 127.0.0.1\n FDport = ${port}\n WorkingDirectory = ${home}\n Pid Directory = ${home}\n}
Messages {\n Name = Standard\n director = dir = all\n}
`;
    return await this.#run('bacula-fd', ['-f', '-c', this.#write(`bacula-${port}.conf`, text)], port);
  }

  /** burp's server, which asks every client for a certificate of its own authority. */
  async burp(): Promise<number> {
    const port = await freePorts(2);
    const home = this.#folder(`burp-${port}`);
    mkdirSync(join(home, 'clients'));
    // ffdhe2048 (RFC 7919 A.1): making numbers would take a minute.
    const made = ['-genparam', '-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048', '-out', this.#at('dh.pem')];
    execFileSync('openssl', ['genpkey', ...made]);
    const text = `mode = server
listen = 127.0.0.1:${port}
listen_status = 127.0.0.1:${port + 1}
directory = ${home}/spool
dedup_group = global
clientconfdir = ${home}/clients
pidfile = ${home}/pid
ssl_cert_ca = ${this.#at('other.pem')}
ssl_cert = ${this.#at('server.crt')}
ssl_key = ${this.#at('server.key')}
ssl_dhfile = ${this.#at('dh.pem')}
keep = 1
max_children = 5
max_status_children = 5
stdout = 0
syslog = 0
`;
    return await this.#run('burp', ['-F', '-c', this.#write(`burp-${port}.conf`, text)], port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((each) => each[Symbol.asyncDispose]()));
    this.#place[Symbol.dispose]();
  }

  async #run(program: string, words: readonly string[], port: number, host?: string): Promise<number> {
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
    for (let tried = 0; tried < 500 && !(await takesConnections(port, host)); tried++)
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
