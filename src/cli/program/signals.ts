import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What the system tells this process. */
export interface Signals {
  /** Aborted by Ctrl-C, by SIGTERM, and when the terminal goes away that somebody watches the work on. */
  readonly ended: AbortSignal;
  /** Does `work` at each SIGHUP from now on, until it is disposed of; not when that says that the terminal is gone. */
  readonly onHangUp: (work: () => void) => Disposable;
  stop(): void;
}

/** A terminal gives Ctrl-C to `npm start` and to us, and npm passes its own on: so close together they are one. */
const oneCtrlCMs = 500;

/**
 * Listens for the signals that end a program (signal(7)). The first Ctrl-C ends the work in order, the second one at once; so does
 * SIGHUP on a terminal, which may be gone. Without one the work goes on, as it should under nohup, which Node undoes. A
 * server has a use of its own for it.
 */
export function listenForSignals(): Signals {
  const controller = new AbortController();
  const onInterrupt = interrupter(controller);
  const isWatched = [0, 1, 2].some(isatty);
  let use: (() => void) | undefined;
  const onHangUp = (): void => {
    if (isWatched && (use === undefined || !hasTerminal())) controller.abort();
    else use?.();
  };
  process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt).on('SIGHUP', onHangUp);
  return {
    ended: controller.signal,
    onHangUp: (work) => {
      use = work;
      return { [Symbol.dispose]: () => void (use = undefined) };
    },
    stop: () => void process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt).off('SIGHUP', onHangUp),
  };
}

/** Whether the terminal that this process was started on is still there (tty(4)). */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

function interrupter(controller: AbortController): (signal: NodeJS.Signals) => void {
  let firstAtMs = 0;
  return (signal) => {
    if (!controller.signal.aborted) {
      firstAtMs = performance.now();
      controller.abort();
    } else if (performance.now() - firstAtMs > oneCtrlCMs) {
      end(signal);
    }
  };
}

/** By the signal itself: `process.exit` would first wait for a thread that waits for a pipe or for a disk that is gone. */
function end(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
