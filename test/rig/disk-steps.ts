import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launcher, type ProgramResult, RunningProgram } from './holdfast-process.ts';
import type { Prng } from './prng.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** What makes, changes or removes a file. What lies between two of them leaves the disk as it is. */
const changing = [
  'openat write writev pwrite64 pwritev ftruncate fsync fdatasync',
  'rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat',
  'mkdir mkdirat rmdir chmod fchmod fchmodat',
].flatMap((names) => names.split(' '));

/** A system call of a command: the `nth` of its name in the first thread that comes so far. */
export interface DiskStep {
  readonly call: string;
  readonly nth: number;
  /** Whether it is one of the main thread, where only those are counted. */
  readonly isMain: boolean;
  /** The call and the files it is about, without what is drawn by lot in their names. */
  readonly kind: string;
}

/** What is done while a command runs that does not end by itself. */
export interface Meanwhile {
  /** What the command prints when it can be done. */
  readonly once: RegExp;
  /** Is left alone when the command has ended. */
  readonly work: (ended: Promise<unknown>) => Promise<void>;
}

/** A command, and where it runs. */
export interface SteppedCommand {
  readonly words: readonly string[];
  readonly cwd: string;
  /** The command is ended (SIGTERM) once this is done; it ends by itself unless said. */
  readonly meanwhile?: Meanwhile | undefined;
}

/** The steps of a command, which is run to its end once for that: those that change something below `cwd`. */
export async function diskSteps(command: SteppedCommand): Promise<DiskStep[]> {
  using place = temporaryDirectory();
  const file = join(place.path, 'trace');
  const trace = ['-f', '-y', '-s', '0', '-o', file, '-e', `trace=execve,${changing.join(',')}`];
  await using program = traced(trace, command);
  const { code, stderr } = await endOf(program, command, () =>
    process.kill(tracedBy(program.pid), 'SIGTERM'),
  );
  if (code !== 0) throw new Error(`${command.words.join(' ')} failed by itself:\n${stderr}`);
  return stepsIn(readFileSync(file, 'utf8'), command.cwd);
}

/** Runs a command and kills it (SIGKILL, by strace) as it is about to take a step; whether it came so far. */
export async function killAtStep(
  { call, nth, isMain }: Omit<DiskStep, 'kind'>,
  command: SteppedCommand,
): Promise<boolean> {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`];
  // Not --seccomp-bpf: with it only the first call is counted.
  await using program = traced([...(isMain ? [] : ['-f']), '-o', '/dev/null', ...inject], command);
  const end = (): boolean => process.kill(tracedBy(program.pid), 'SIGTERM');
  const { code, signal, stderr } = await endOf(program, command, end);
  if (signal === 'SIGKILL') return true;
  if (code === 0) return false;
  throw new Error(`${command.words.join(' ')} failed by itself before ${call} ${nth}:\n${stderr}`);
}

/** Runs a command to its end, by itself or once what is done meanwhile is done; killed, it ends earlier. */
export async function endOf(
  program: RunningProgram,
  { meanwhile }: Pick<SteppedCommand, 'meanwhile'>,
  end: () => unknown,
): Promise<ProgramResult> {
  if (meanwhile === undefined) return await program.ended;
  const isKilled = program.ended.then(({ signal }) => signal === 'SIGKILL');
  try {
    await program.waitFor(meanwhile.once);
    await meanwhile.work(program.ended);
    end();
  } catch (error) {
    if (!(await isKilled)) throw error;
  }
  return await program.ended;
}

/** The process that a tracer has started. */
function tracedBy(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

/**
 * `count` of these, all of them when there are no more, in their order: drawn by lot, but nothing of a kind that is there
 * already as long as there are others.
 */
export function someOf<T extends object>(steps: readonly T[], count: number, prng: Prng): T[] {
  const left = [...steps];
  const drawn = steps.map(() => left.splice(prng.below(left.length), 1)[0] as T);
  const chosen = new Set(inTurns(drawn).slice(0, count));
  return steps.filter((step) => chosen.has(step));
}

/** One of each kind. */
export function oneOfEachKind(steps: readonly DiskStep[], prng: Prng): DiskStep[] {
  return someOf(steps, new Set(steps.map(kindOf)).size, prng);
}

/** The first of each kind, then the second of each, and so on. */
function inTurns<T extends object>(steps: readonly T[]): T[] {
  const seen = new Map<unknown, number>();
  const turns = steps.map((step) => {
    const turn = seen.get(kindOf(step)) ?? 0;
    seen.set(kindOf(step), turn + 1);
    return { step, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ step }) => step);
}

function kindOf(step: object): unknown {
  return 'kind' in step ? step.kind : step;
}

/** A path with what is drawn by lot taken out. */
export function withoutDrawn(path: string): string {
  return path.replace(
    /(?<=sets\/[a-z0-9.-]*-)[a-z0-9]{6}(?=\.json)|machine-\d+|[0-9a-f]{8,}|\d{4}-?\d\d-?\d\dT?[\d:.-]*Z?|\d{3,}/g,
    '#',
  );
}

function traced(options: readonly string[], { words, cwd }: SteppedCommand): RunningProgram {
  // Steps are counted for each thread: with one that works they come in the same order each time.
  const env = { UV_THREADPOOL_SIZE: '1', NODE_DISABLE_COMPILE_CACHE: '1', HOME: cwd };
  return new RunningProgram(['-qq', ...options, launcher, ...words], { program: 'strace', cwd, env });
}

function stepsIn(trace: string, directory: string): DiskStep[] {
  const main = /^(\d+) +execve\(/.exec(trace)?.[1];
  const counts = new Map<string, number>();
  const steps = trace.split('\n').flatMap((line) => {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    const nth = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, nth);
    // The end of a call that another thread came between is not another call.
    if (call === '' || !changes(line, directory)) return [];
    return [{ call, nth, isMain: thread === main, kind: `${call} ${filesOf(line, directory)}` }];
  });
  // The main thread opens files by the thousand while it starts: others are killed before they open one by what comes next.
  return steps.filter(({ call, isMain }) => isMain || call !== 'openat');
}

/** What SQLite shares between processes is made anew after each of them. */
function changes(line: string, directory: string): boolean {
  if (!line.includes(`${directory}/`) || line.includes('-shm') || line.includes(' = -1 ')) return false;
  return !/ openat\(/.test(line) || line.includes('O_CREAT');
}

function filesOf(line: string, directory: string): string {
  const paths = line.split(`${directory}/`).slice(1);
  return paths.map((path) => withoutDrawn(path.replace(/[">].*/, ''))).join(' ');
}
