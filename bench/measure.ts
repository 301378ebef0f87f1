import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { cpuSecondsOf, peakBytesOf, resetPeak } from './process-facts.ts';

/** A program and how it is called. */
export interface BenchCommand {
  readonly program: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A folder for its notes; not one that is backed up. */
  readonly directory: string;
}

/** What one run took. */
export interface Measurement {
  readonly seconds: number;
  /** Processor time of the command and of the servers while it ran. */
  readonly cpuSeconds: number;
  /** Peak of resident memory of the command. */
  readonly clientBytes: number;
  /** Sum of the servers' peaks while it ran; 0 without servers. */
  readonly serverBytes: number;
}

/** Runs a command to its end, measuring it and the running `servers`; throws with its output when it fails. */
export async function measure(command: BenchCommand, servers: readonly number[] = []): Promise<Measurement> {
  for (const pid of servers) resetPeak(pid);
  const serverCpuBefore = sum(servers.map(cpuSecondsOf));
  const notes = join(command.directory, 'time');
  const started = performance.now();
  await run({
    ...command,
    program: 'time',
    words: ['-f', '%U %S %M', '-o', notes, command.program, ...command.words],
  });
  const seconds = (performance.now() - started) / 1000;
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(notes, 'utf8').trim().split(' ').map(Number);
  rmSync(notes);
  return {
    seconds,
    cpuSeconds: user + system + sum(servers.map(cpuSecondsOf)) - serverCpuBefore,
    clientBytes: kilobytes * 1024,
    serverBytes: sum(servers.map(peakBytesOf)),
  };
}

/** Runs a command to its end and gives its standard output; throws with its output when it fails. */
export async function run({ program, words, env, directory }: BenchCommand): Promise<string> {
  const child = spawn(program, words, { env: { ...process.env, ...env }, cwd: directory, stdio: 'pipe' });
  child.stdin.end();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal]: unknown[] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${program} ${words.join(' ')}: ${String(code ?? signal)}\n${stdout}${stderr}`);
  return stdout;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
