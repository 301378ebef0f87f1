import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** Where each test file notes its processor time. */
const notes = 'HOLDFAST_TEST_PROCESSOR_TIME';
const ticksPerSecond = 100;

/** What a run of tests gives its files, so that each notes its processor time in `path`; nothing where no system says it. */
export function notingProcessorTime(path: string): {
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv: readonly string[];
} {
  writeFileSync(path, '');
  // Some tests end as a user who owns nothing.
  chmodSync(path, 0o666);
  if (process.platform !== 'linux') return { env: {}, execArgv: [] };
  return { env: { [notes]: path }, execArgv: [`--import=${import.meta.url}`] };
}

/** The files that took the most, as lines for people. */
export function mostProcessorTime(path: string, count: number): string {
  const files = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly file: string; readonly seconds: number });
  const most = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, count);
  const total = files.reduce((sum, { seconds }) => sum + seconds, 0);
  const lines = most.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${file}`);
  return [`processor time ${total.toFixed(0)} s, most of it:`, ...lines].join('\n');
}

/** A test file and every process that it has waited for: utime, stime, cutime and cstime of proc_pid_stat(5). */
function noteProcessorTime(path: string, file: string): void {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
  const inHere = relative('.', file);
  appendFileSync(
    path,
    `${JSON.stringify({ file: inHere.startsWith('..') ? basename(file) : inHere, seconds })}\n`,
  );
}

const [, started = ''] = process.argv;
const path = process.env[notes];
if (path !== undefined && isMainThread && started.endsWith('.test.ts'))
  process.once('exit', () => noteProcessorTime(path, started));
