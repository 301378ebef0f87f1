import { MultiBar, type SingleBar } from 'cli-progress';
import { secondMs } from '../../base/index.ts';
import { formatBytes, formatCount, formatElapsed } from './format.ts';

/** How far a long piece of work has come. */
export interface ProgressState {
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
export function startProgress(label: string, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? startBar(label, stream) : { isShown: false, update() {}, stop() {} };
}

function startBar(label: string, stream: NodeJS.WriteStream): Progress {
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

function createBars(label: string, stream: NodeJS.WriteStream): MultiBar {
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
