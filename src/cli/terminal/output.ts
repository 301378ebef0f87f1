import { styleText } from 'node:util';
import { MultiBar, type SingleBar } from 'cli-progress';
import { type Log, minuteMs, secondMs } from '../../base/index.ts';
import { Line, type LineOptions, type Outage } from '../../transport/index.ts';
import { describeFailure } from '../program/failure.ts';
import { formatBytes, formatCount, formatElapsed } from './format.ts';
import { type Column, formatTable, printable, wrap } from './table.ts';

/** Where a command says things: data on stdout, everything said to a person on stderr. */
export interface Output {
  /** Whether `--json` was given: one JSON value on stdout and nothing else there. */
  readonly json: boolean;
  /** Data: one line on stdout. */
  data(line: string): void;
  /** Data as JSON on stdout. */
  value(value: unknown): void;
  /** A message to a person, on stderr. */
  say(line: string): void;
  /** One line of a report, `  label   text`; on stdout, or on stderr when stdout carries JSON. */
  row(label: string, ...parts: readonly string[]): void;
  /** What somebody should look at, on stderr; its first word is coloured on a terminal, unless NO_COLOR is set. */
  warn(line: string): void;
  /** Why a command failed, and the next step: likewise. */
  fail(message: string, next: string): void;
  /** A table on stdout; when it has no rows, `none` is said to the person instead. */
  table(columns: readonly Column[], rows: readonly string[][], none?: string): void;
}

const labelWidth = 12;

/** What is written to, which may be a terminal. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  /** How many characters fit on a line of the terminal. */
  readonly columns?: number;
}

/** An output over two streams, usually `process.stdout` and `process.stderr`. */
export function createOutput(json: boolean, stdout: OutputStream, stderr: OutputStream): Output {
  const data = (line: string): void => void stdout.write(`${line}\n`);
  const say = (line: string): void => void stderr.write(`${line}\n`);
  const told = (colour: 'yellow' | 'red', mark: string, text: string): void => {
    const [first = '', ...rest] = onTerminal(stderr, `${mark} ${printable(text)}`, '  ');
    say(`${styleText(colour, mark, { stream: stderr })}${first.slice(mark.length)}`);
    for (const line of rest) say(line);
  };
  return {
    json,
    data,
    say,
    value: (value) => data(JSON.stringify(value, undefined, stdout.isTTY === true ? 2 : undefined)),
    row: (label, ...parts) => {
      const text = `  ${label.padEnd(labelWidth - 1)} ${parts.map(printable).join('   ')}`;
      for (const line of onTerminal(json ? stderr : stdout, text, ' '.repeat(labelWidth + 2)))
        (json ? say : data)(line);
    },
    warn: (line) => told('yellow', 'warning:', line),
    fail: (message, next) => {
      told('red', 'holdfast:', message);
      for (const line of onTerminal(stderr, `  next: ${printable(next)}`, ' '.repeat(8))) say(line);
    },
    table: (columns, rows, none) => {
      if (rows.length === 0 && none !== undefined) return say(none);
      for (const line of formatTable(columns, rows, widthOf(stdout))) data(line);
    },
  };
}

/**
 * Says why a command failed: the message, then the next step on a line of its own. What the system refused (a full
 * disk, missing rights) is said in its own words; anything else is a bug and shows its stack. `help` shows the words of
 * the command, for one whose words do not fit together.
 */
export function sayError(output: Output, error: unknown, help?: string): void {
  const failure = describeFailure(error, help);
  if (failure === undefined) {
    output.say(
      `holdfast: this is a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return;
  }
  if (output.json) return output.say(JSON.stringify({ error: failure }));
  output.fail(`${failure.message} [${failure.code}]`, failure.hint);
}

/** How many characters fit on a line of `stream`: any number where nobody reads, or the terminal does not say (it has 0 then). */
function widthOf({ isTTY = false, columns = 0 }: OutputStream): number {
  return isTTY && columns > 0 ? columns : Infinity;
}

/** `text` as it is where a program reads it; on a terminal on lines that fit, with `indent` before those that go on. */
function onTerminal(stream: OutputStream, text: string, indent: string): string[] {
  const width = widthOf(stream);
  return width === Infinity ? [text] : wrap(text, width, indent);
}

/**
 * The line of one run: whoever waits for it is told why and for how long, with `--json` in the log. `isUnattended` where nobody sits there
 * and would rather know soon.
 */
export function lineToldIn(
  output: Output,
  log: Log,
  borne: Pick<LineOptions, 'isUnattended' | 'mostMs'> = {},
): Line {
  if (output.json) {
    return new Line({
      ...borne,
      onDown: ({ failure, ...times }) => log.warn('the line is down', { ...times, error: failure }),
      onBack: (downMs) => log.warn('the line is back', { downMs }),
    });
  }
  return new Line({
    ...borne,
    onDown: (outage) => output.say(`  line        ${describeOutage(outage)}`),
    onBack: (downMs) => output.say(`  line        back after ${formatPeriod(downMs)}`),
  });
}

/** `vault:8443: nobody answers there; trying again in 4 s (down for 2 min; gives up in 13 min)` */
function describeOutage({ failure, waitMs, downMs, leftMs }: Outage): string {
  const since = downMs < secondMs ? '' : `down for ${formatPeriod(downMs)}; `;
  return `${failure.message}; trying again in ${formatPeriod(waitMs)} (${since}gives up in ${formatPeriod(leftMs)})`;
}

/** In whole seconds, from two minutes on in minutes. */
function formatPeriod(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.max(1, Math.round(ms / secondMs))} s`;
  return `${Math.round(ms / minuteMs)} min`;
}

/** How far a long piece of work has come. */
interface ProgressState {
  readonly files: number;
  readonly bytes: number;
  /** All that is to be done; 0 while that is not known. */
  readonly totalBytes: number;
}

/** A progress bar for one piece of work; `update` is cheap enough to be called at every file. */
export interface Progress {
  /** Whether anybody sees it. */
  readonly isShown: boolean;
  update(state: ProgressState): void;
  stop(): void;
}

const quietMs = secondMs;
const redrawMs = 100;

/** A bar on `stream` when that is a terminal, drawn only once the work has taken a second; else nothing. */
export function startProgress(label: string, stream: OutputStream): Progress {
  return stream.isTTY === true ? startBar(label, stream) : { isShown: false, update() {}, stop() {} };
}

function startBar(label: string, stream: OutputStream): Progress {
  const startedMs = performance.now();
  let drawnMs = 0;
  let bars: MultiBar | undefined;
  let bar: SingleBar | undefined;
  return {
    isShown: true,
    update(state) {
      const nowMs = performance.now();
      if (nowMs - startedMs < quietMs || nowMs - drawnMs < redrawMs) return;
      drawnMs = nowMs;
      bars ??= createBars(label, stream);
      bar ??= bars.create(1, 0, {});
      bar.setTotal(Math.max(1, state.totalBytes));
      bar.update(Math.min(state.bytes, state.totalBytes), describe(state, nowMs - startedMs));
    },
    stop() {
      bars?.stop();
    },
  };
}

function createBars(label: string, stream: OutputStream): MultiBar {
  return new MultiBar({
    stream,
    format: `  ${label.padEnd(12)}{bar} {percentage}%  {done}  {rate}/s  {files} files  {left}`,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    fps: 10,
  });
}

function describe(state: ProgressState, elapsedMs: number): Record<string, string> {
  const bytesPerMs = state.bytes / elapsedMs;
  const leftBytes = state.totalBytes - state.bytes;
  const leftMs = bytesPerMs > 0 && leftBytes >= 0 ? leftBytes / bytesPerMs : Infinity;
  return {
    done: formatBytes(state.bytes),
    rate: formatBytes(Math.round(bytesPerMs * secondMs)),
    files: formatCount(state.files),
    left: Number.isFinite(leftMs) ? `${formatElapsed(leftMs)} left` : '',
  };
}
