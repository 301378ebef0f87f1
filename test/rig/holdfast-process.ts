import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { endingWithUs } from './ending-with-us.ts';

const ofPackage = process.env['HOLDFAST_TEST_LAUNCHER'];

/** Whether tests run the package, which was built for them: they do under `npm test`. */
export const isBuilt = ofPackage !== undefined;

/** The launcher, run as a user would run it: of that package, else of this checkout, which runs the source. */
export const launcher = ofPackage ?? join(import.meta.dirname, '../../bin/holdfast');

const commonEnvironment = {
  HOLDFAST_HOME: undefined,
  XDG_CACHE_HOME:
    process.env['HOLDFAST_TEST_CACHE'] ?? process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
};

/** How a program is started. */
export interface ProgramOptions {
  /** The program; the checkout's launcher unless said. */
  readonly program?: string;
  readonly cwd?: string;
  /** Added to, or with undefined taken from, the environment of the test. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What the program reads from standard input; nothing unless said. */
  readonly input?: string;
  /** Leaves standard input open until the program is stopped. */
  readonly keepsInput?: boolean;
}

/** How a program ended. */
export interface ProgramResult {
  /** The exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What no test sends: whatever a test makes of the end of a program, that it crashed is said. */
const crashes: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGSEGV',
  'SIGBUS',
  'SIGABRT',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
]);

/** A program that runs; it is killed when its scope ends: `await using server = startHoldfast(…)`. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProgramResult>;
  #stdout = '';
  #stderr = '';

  constructor(words: readonly string[], options: ProgramOptions = {}) {
    this.#child = spawn(...endingWithUs(options.program ?? launcher, words), {
      cwd: options.cwd,
      // npm tells its scripts where the user stood; the program would take relative paths from there.
      // A home of its own for a test is no reason to compile everything anew.
      env: { ...process.env, ...commonEnvironment, ...options.env },
      stdio: 'pipe',
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    // A program that does not read its input closes it, which is no failure of the test.
    this.#child.stdin?.on('error', () => {});
    if (options.keepsInput !== true) this.#child.stdin?.end(options.input ?? '');
    this.#ended = this.#result();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the program did not start');
    return this.#child.pid;
  }

  /** Standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** How it ended, once it has. */
  get ended(): Promise<ProgramResult> {
    return this.#ended;
  }

  /**
   * The first match of `pattern` in either output, `from` characters on in the standard one; rejects with both outputs when the
   * program ends without one.
   */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout.slice(from)) ?? pattern.exec(this.#stderr);
      if (match !== null) return match;
      const ended = await Promise.race([this.#moreOutput(), this.#ended]);
      if (ended !== undefined && !pattern.test(ended.stdout.slice(from)) && !pattern.test(ended.stderr))
        throw new Error(`ended without ${pattern}:\n${describe(ended)}`);
    }
  }

  /** Types `text` to a program that keeps its input. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Sends `signal` and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProgramResult> {
    this.#child.kill(signal);
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  async #moreOutput(): Promise<undefined> {
    const controller = new AbortController();
    const streams = [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
    try {
      await Promise.race(streams.map((stream) => once(stream, 'data', { signal: controller.signal })));
    } finally {
      controller.abort();
    }
  }

  async #result(): Promise<ProgramResult> {
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal !== null && crashes.has(signal))
      console.error(`${this.#child.spawnargs.join(' ')} crashed: ${signal}\n${this.#stderr}`);
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Starts `holdfast` with these words. */
export function startHoldfast(words: readonly string[], options: ProgramOptions = {}): RunningProgram {
  return new RunningProgram(words, options);
}

/** Runs `holdfast` with these words to its end. */
export async function runHoldfast(
  words: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return await new RunningProgram(words, options).ended;
}

/** Runs any program to its end, and throws with its output when its exit code is not `expected`. */
export async function runProgram(
  program: string,
  words: readonly string[],
  options: ProgramOptions & { readonly expected?: number } = {},
): Promise<ProgramResult> {
  const result = await new RunningProgram(words, { ...options, program }).ended;
  if (result.code !== (options.expected ?? 0))
    throw new Error(`${program} ${words.join(' ')}:\n${describe(result)}`);
  return result;
}

function describe(result: ProgramResult): string {
  return `exit code ${result.code ?? result.signal}\nstdout: ${result.stdout}\nstderr: ${result.stderr}`;
}
