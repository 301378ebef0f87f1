import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianMirror } from '../../scripts/zlint.ts';

/** What a command inside said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A system of the release that this machine has, made new by debootstrap and started with its own systemd in a container, without
 * a network. Needs root.
 */
export class BootedSystem implements AsyncDisposable {
  readonly root: string;
  readonly #container: ChildProcess;
  readonly #leader: number;

  private constructor(root: string, container: ChildProcess, leader: number) {
    this.root = root;
    this.#container = container;
    this.#leader = leader;
  }

  /** Makes and starts one below `directory`. */
  static async start(directory: string): Promise<BootedSystem> {
    const root = join(directory, 'system');
    const [, suite = 'stable'] =
      /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
    const words = ['--variant=minbase', '--include=systemd,systemd-sysv', suite, root, debianMirror() ?? ''];
    await promisify(execFile)('debootstrap', words, { maxBuffer: 1 << 26 });
    const container = spawn(
      'systemd-nspawn',
      ['--directory', root, '--register=no', '--keep-unit', '--private-network', '--quiet', '--boot'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await bootedUp(container);
    const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8');
    return new BootedSystem(root, container, Number.parseInt(children, 10));
  }

  /** Runs a command in it as its root. */
  async run(...words: readonly string[]): Promise<Said> {
    const inside = [
      '--target',
      String(this.#leader),
      '--all',
      '--root',
      '--wd',
      'env',
      '-i',
      ...inheritance,
      ...words,
    ];
    return await promisify(execFile)('nsenter', inside).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Error & { code?: number; stdout?: string; stderr?: string }) => ({
        code: error.code ?? -1,
        stdout: error.stdout ?? '',
        stderr: error.stderr ?? '',
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#container.once('exit', resolve));
    // The container's own init answers to this by halting it at once (systemd(1)).
    execFileSync('kill', ['-s', 'RTMIN+14', String(this.#leader)]);
    this.#container.kill();
    const late = setTimeout(() => this.#container.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }
}

const inheritance = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LC_ALL=C.UTF-8',
];

/** Waits until its systemd has started what belongs to a system that is up. */
function bootedUp(container: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    container.stdout?.on('data', (piece: Buffer) => {
      said += String(piece);
      if (said.includes('multi-user.target')) resolve();
    });
    container.once('exit', () => reject(new Error(`the system did not start:\n${said}`)));
  });
}
