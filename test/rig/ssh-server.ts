import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { RunningProgram, runProgram } from './holdfast-process.ts';
import { takesConnections } from './takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** An sshd of this user's own on loopback, with a key that it takes; it ends with its scope. */
export class SshServer implements AsyncDisposable {
  readonly port: number;
  readonly user = userInfo().username;
  readonly #place: TemporaryDirectory;
  readonly #server: RunningProgram;

  private constructor(port: number, place: TemporaryDirectory, server: RunningProgram) {
    this.port = port;
    this.#place = place;
    this.#server = server;
  }

  static async start(): Promise<SshServer> {
    const place = temporaryDirectory();
    const at = (name: string): string => join(place.path, name);
    for (const name of ['host', 'user', 'stranger'])
      await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)], {});
    const port = await freePorts(1);
    // Where root's own has it, also in a container in which none was ever started.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const settings = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('user.pub')}`,
      'PidFile none',
      'PasswordAuthentication no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      'Subsystem sftp internal-sftp',
    ];
    writeFileSync(at('sshd_config'), `${settings.join('\n')}\n`);
    const server = new RunningProgram(['-D', '-e', '-f', at('sshd_config')], { program: '/usr/sbin/sshd' });
    while (!(await takesConnections(port))) await setTimeout(20);
    return new SshServer(port, place, server);
  }

  /**
   * What has ssh use the key of its user, and know the host: ssh reads the files of the account, not those of HOME, so that a
   * program of its name stands before it.
   */
  async environment(
    how: { readonly key?: 'user' | 'stranger'; readonly knows?: 'host' | 'nobody' | 'stranger' } = {},
  ) {
    const { key = 'user', knows = 'host' } = how;
    const at = (name: string): string => join(this.#place.path, name);
    const bin = at(`bin-${key}-${knows}`);
    mkdirSync(bin, { recursive: true });
    const { stdout } =
      knows === 'nobody' ? { stdout: '' } : await runProgram('cat', [at(`${knows}.pub`)], {});
    writeFileSync(join(bin, 'known'), stdout === '' ? '' : `[127.0.0.1]:${this.port} ${stdout}`);
    const options = [
      `IdentityFile=${at(key)}`,
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      `UserKnownHostsFile=${join(bin, 'known')}`,
      'GlobalKnownHostsFile=/dev/null',
    ];
    const words = options.map((option) => `-o ${option}`).join(' ');
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F /dev/null ${words} "$@"\n`, {
      mode: 0o755,
    });
    return { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  }

  /** A folder there, as `--repo` names it. */
  repository(path: string): string {
    return `sftp://${this.user}@127.0.0.1:${this.port}/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#place[Symbol.dispose]();
  }
}
