import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const calls = ['open', 'openat', 'execve', 'connect', 'bind', 'mkdir'] as const;

/**
 * The words before those of a program that have strace write into `file`.PID each path that a thread of it uses. With -D
 * signals reach the program.
 */
export function tracedInto(file: string): string[] {
  return [
    '-D',
    '-ff',
    '-qq',
    '-y',
    '-s',
    '4096',
    '--seccomp-bpf',
    '-e',
    `trace=${calls.join(',')}`,
    '-o',
    file,
  ];
}

/** The paths that a traced program has opened, run, made or connected to, each once. */
export function troddenPaths(file: string): string[] {
  const directory = dirname(file);
  const traces = readdirSync(directory).filter((name) => name.startsWith(`${basename(file)}.`));
  const lines = traces.flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'));
  return [...new Set(lines.map(pathIn).filter((path) => path !== undefined))];
}

/** `openat(AT_FDCWD</where/it/counts/from>, "name", …`, `execve("name", …`, `connect(3<…>, {…, sun_path="name"}, …` */
const tread = /^\w+\((?:[^<"]*<([^>]*)>, )?(?:\{sa_family=AF_UNIX, sun_path=)?"([^"]+)"/;

function pathIn(line: string): string | undefined {
  const [, from = '/', path] = tread.exec(line) ?? [];
  return path === undefined ? undefined : resolve(from, path);
}

/** Whose directories are believed: those of root, and of the user who runs the program. */
interface Trust {
  readonly uid: number;
  /** A directory that is taken to be theirs; what lies below it is looked at. */
  readonly own: string;
}

/** Whether anybody else can decide what is found at `path`: one of the directories above it is open to them. */
export function isOpenToOthers(path: string, trust: Trust): boolean {
  const above = dirname(path);
  if (above === path || path === trust.own) return false;
  const found = lstatSync(above, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) {
    return isOpenToOthers(join(resolve(dirname(above), readlinkSync(above)), basename(path)), trust);
  }
  const isOpen = found !== undefined && (![0, trust.uid].includes(found.uid) || (found.mode & 0o022) !== 0);
  return isOpen || isOpenToOthers(above, trust);
}
