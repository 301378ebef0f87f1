import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { launcher, type ProgramOptions, type ProgramResult, RunningProgram } from './holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

/** The user who types on these machines, and is nobody but a user on any. */
const user = { name: 'ann', uid: 1000 };
const isRoot = process.getuid?.() === 0;

/** The words of `unshare` for a program that is root in namespaces of its own: in truth, or in there alone. */
const apart = isRoot ? ['unshare', '--mount', '--net'] : ['unshare', '--map-root-user', '--mount', '--net'];

/** Why there can be no machines here, for the `skip` of a test. */
export const cannotHaveMachines: string | false = ((): string | false => {
  const { status, stderr } = spawnSync('unshare', [...apart, 'ip', 'link', 'add', 'type', 'bridge'], {
    encoding: 'utf8',
  });
  return status === 0 ? false : `the kernel lets this user have no networks of its own: ${stderr.trim()}`;
})();

/** A machine to be: its name, and every further name that leads to it. */
export interface MachineNames {
  readonly name: string;
  readonly aliases?: readonly string[];
}

/**
 * Machines of one network, in namespaces of the kernel: each has an address, a host name, `/home` and `/tmp` of its own; `/media`
 * and `/mnt` are the same on all, as a stick and a disk are that go from hand to hand. `holdfast` is on the PATH of each.
 */
export class Machines implements AsyncDisposable {
  readonly #place: TemporaryDirectory;
  readonly #bridge: RunningProgram;
  readonly #pids = new Map<string, string>();

  private constructor(place: TemporaryDirectory, bridge: RunningProgram) {
    this.#place = place;
    this.#bridge = bridge;
  }

  /** Starts `names`; the names of each lead to it from all. */
  static async start(names: readonly MachineNames[]): Promise<Machines> {
    const place = temporaryDirectory();
    layOut(place.path, names);
    const addresses = names.map(({ name }, at) => `${name}=${addressOf(at)}`);
    const script = join(import.meta.dirname, 'machines.sh');
    const first = ['bash', '-c', `${bindProgram(place.path)} exec bash "$@"`, 'bash'];
    const words = [...apart, ...first, script, place.path, ...addresses];
    const bridge = new RunningProgram(words, { program: 'unshare', keepsInput: true });
    const machines = new Machines(place, bridge);
    for (const { name } of names) {
      const [, pid = ''] = await bridge.waitFor(new RegExp(`^machine ${name} (\\d+)$`, 'm'));
      machines.#pids.set(name, pid);
    }
    return machines;
  }

  /** Starts `script`, for bash, as the user of the machine called `name`, in their home directory. */
  start(
    name: string,
    script: string,
    options: Pick<ProgramOptions, 'input' | 'keepsInput'> = {},
  ): RunningProgram {
    const words = [
      '-t',
      this.#pids.get(name) ?? name,
      '-m',
      '-n',
      '-u',
      ...asUser,
      'env',
      '-i',
      ...environment,
    ];
    const shell = ['bash', '-c', `cd; ${script}`];
    return new RunningProgram([...words, ...shell], { program: 'nsenter', ...options });
  }

  /** The same, to its end. */
  async run(name: string, script: string, input = ''): Promise<ProgramResult> {
    return await this.start(name, script, { input }).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bridge.stop('SIGTERM');
    await this.#bridge[Symbol.asyncDispose]();
    this.#place[Symbol.dispose]();
  }
}

const asUser = isRoot
  ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.uid}`, '--clear-groups']
  : [
      '-U',
      '--preserve-credentials',
      'unshare',
      '--user',
      `--map-user=${user.uid}`,
      `--map-group=${user.uid}`,
    ];

const environment = [
  `HOME=/home/${user.name}`,
  `USER=${user.name}`,
  'PATH=/usr/local/bin:/usr/bin:/bin',
  'LANG=C.UTF-8',
  'XDG_CACHE_HOME=/opt/cache',
];

function addressOf(at: number): string {
  return `192.168.77.${at + 1}`;
}

function layOut(place: string, names: readonly MachineNames[]): void {
  const own = names.flatMap(({ name }) => [name, `${name}/home`, `${name}/home/${user.name}`, `${name}/tmp`]);
  const shared = ['etc', 'net', 'bin', 'media', 'mnt', 'opt', 'opt/cache', 'opt/node', 'opt/holdfast'];
  for (const directory of [...own, ...shared]) mkdirSync(join(place, directory));
  const lines = names.map(({ name, aliases = [] }, at) => [addressOf(at), name, ...aliases].join(' '));
  writeFileSync(join(place, 'etc/hosts'), ['127.0.0.1 localhost', ...lines, ''].join('\n'));
  writeFileSync(
    join(place, 'etc/passwd'),
    `root:x:0:0::/root:/bin/sh\n${user.name}:x:${user.uid}:${user.uid}::/home/${user.name}:/bin/bash\n`,
  );
  writeFileSync(join(place, 'etc/resolv.conf'), '');
  for (const part of parts) {
    const to = join(place, 'opt/holdfast', part);
    if (lstatSync(realpathSync(join(root, part))).isDirectory()) mkdirSync(to);
    else writeFileSync(to, '');
  }
  writeFileSync(join(place, 'opt/node/node'), '');
  symlinkSync('/opt/holdfast/bin/holdfast', join(place, 'bin/holdfast'));
  symlinkSync('/opt/node/node', join(place, 'bin/node'));
  if (!isRoot) return;
  chmodSync(place, 0o711);
  for (const name of [...own, 'bin', 'media', 'mnt', 'opt', 'opt/cache'])
    chownSync(join(place, name), user.uid, user.uid);
}

/** Where the program is: what of it is there is put below `/opt`, since the user may not look into every checkout. */
const root = realpathSync(join(launcher, '../..'));
const parts = readdirSync(root).filter((name) =>
  ['bin', 'dist', 'docs', 'node_modules', 'package.json', 'src'].includes(name),
);

function bindProgram(place: string): string {
  const binds = parts.map(
    (part) => [realpathSync(join(root, part)), join(place, 'opt/holdfast', part)] as const,
  );
  return [...binds, [process.execPath, join(place, 'opt/node/node')] as const]
    .map(([from, to]) => `mount --rbind '${from}' '${to}' &&`)
    .join(' ');
}
