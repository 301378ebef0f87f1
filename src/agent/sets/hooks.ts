import { type ChildProcess, spawn } from 'node:child_process';
import {
  checkProgram,
  describeDuration,
  HoldfastError,
  secondMs,
  systemErrorCode,
} from '../../base/index.ts';
import type { HookRun } from './set-attempts.ts';

/** Which program is run, around what, and how long it may take. */
export interface Hook {
  readonly when: 'before' | 'after';
  /** Absolute path of an executable file. */
  readonly file: string;
  readonly limitMs: number;
  /** Added to the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How long a hook may take unless something else is said. */
export const defaultHookLimitMs = 60 * 60 * secondMs;
/** So much is kept of what a hook writes: the end of it. */
const maxOutputBytes = 4096;
/** A hook that is told to end has so long for it. */
const politeMs = 5 * secondMs;
/** What a hook left running may hold its output open; nobody waits for that for longer. */
const drainMs = secondMs;

/** Holds the file of a hook to what it runs with. @throws HoldfastError `path_not_found`, `hook_unsafe` */
export async function checkHook(file: string): Promise<void> {
  await checkProgram(file, 'hook');
}

/** Runs a hook to its end, or until its time is over, and gives what is to be kept of it, whatever it came to. */
export async function runHook(hook: Hook, signal: AbortSignal): Promise<HookRun> {
  const { when, file, limitMs } = hook;
  await checkHook(file);
  const child = spawn(file, [], {
    // A group of its own, so that what it starts ends with it.
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...hook.environment },
  });
  const output = new OutputEnd();
  child.stdout.on('data', (piece: Buffer) => output.add(piece));
  child.stderr.on('data', (piece: Buffer) => output.add(piece));
  let isOver = false;
  const limit = setTimeout(() => {
    isOver = true;
    endGroup(child);
  }, limitMs);
  const onAbort = (): void => endGroup(child);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    const ended = await endOf(child);
    const how = isOver ? `no end within ${describeDuration(limitMs)}` : ended;
    return { when, file, ended: how, output: output.text };
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Whether a hook did what it is for. */
export function hasSucceeded({ ended }: HookRun): boolean {
  return ended === 'exit code 0';
}

/** What to throw for one that did not. */
export function hookFailed({ when, file, ended, output }: HookRun): HoldfastError {
  const [last = ''] = output.trimEnd().split('\n').slice(-1);
  const said = last === '' ? '' : `: ${last.slice(0, 200)}`;
  return new HoldfastError('hook_failed', `the hook ${file}, ${when} the backup, came to ${ended}${said}`);
}

/** `exit code 0`, `signal SIGKILL`, or why it never began. */
async function endOf(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    let ended = '';
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(ended));
    child.once('exit', (code, signal) => {
      ended = signal === null ? `exit code ${code}` : `signal ${signal}`;
      const drained = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, drainMs);
      child.once('close', () => clearTimeout(drained));
    });
  });
}

/** Ends a program and all that it started, first politely. */
function endGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const send = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if (systemErrorCode(error) !== 'ESRCH') throw error;
    }
  };
  send('SIGTERM');
  const forced = setTimeout(() => send('SIGKILL'), politeMs);
  child.once('close', () => {
    clearTimeout(forced);
    send('SIGKILL');
  });
}

/** The end of what somebody writes, however much it is. */
class OutputEnd {
  #kept = Buffer.alloc(0);

  add(piece: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, piece.subarray(-maxOutputBytes)]).subarray(-maxOutputBytes);
  }

  get text(): string {
    return this.#kept.toString('utf8');
  }
}
