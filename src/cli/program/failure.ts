import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import type { Command, CommanderError, Option } from 'commander';
import {
  type ErrorCode,
  type ErrorKind,
  errorRow,
  HoldfastError,
  hasTerminal,
  systemErrorCode,
  systemErrorHint,
} from '../../base/index.ts';
import { RepeatableOption } from '../options/option-values.ts';

/** A failure as it is said, and as `--json` shows it. */
interface Failure {
  readonly code: string;
  readonly message: string;
  /** The next step. */
  readonly hint: string;
  /** Whom it concerns, where that is several. */
  readonly names?: readonly string[];
}

/** What `error` says; undefined for what nobody expected. `help` shows the words of the command that failed. */
export function describeFailure(error: unknown, help?: string): Failure | undefined {
  if (error instanceof HoldfastError) {
    const usual = error.code === 'usage' && help !== undefined ? help : errorRow(error.code).next;
    const { code, message, hint = usual, names } = error;
    return { code, message, hint: namingDocuments(hint), ...(names && { names }) };
  }
  const code = systemErrorCode(error);
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return {
      code: 'storage_full' satisfies ErrorCode,
      message: `no space left: ${error.message}`,
      hint: 'make room on that disk, and run it again',
    };
  return { code, message: error.message, hint: systemErrorHint };
}

/** `docs/reference/settings.md` by the path at which it lies on this machine, in a checkout as in the package. */
function namingDocuments(hint: string): string {
  return hint.replace(
    /\bdocs\/(?=guide\/|reference\/)/,
    `${join(dirname(findPackageJSON(import.meta.url) ?? ''), 'docs')}/`,
  );
}

/** What ended the work in truth: Ctrl-C or SIGTERM makes all kinds of things fail that nobody expected to. */
export function whatEnded(error: unknown, { aborted }: AbortSignal): unknown {
  if (!aborted || error instanceof HoldfastError) return error;
  return new HoldfastError('interrupted', 'interrupted; nothing half-done was left behind');
}

/** What a process ends with; the list stands in `docs/reference/commands.md`. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  someFilesUnread: 3,
  attention: 4,
  repositoryMissing: 10,
  repositoryLocked: 11,
  wrongKey: 12,
  connection: 20,
  certificate: 21,
  name: 22,
  refused: 23,
  interrupted: 130,
} as const satisfies Record<ErrorKind | 'done' | 'someFilesUnread' | 'attention', number>;

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  return exitCode[error instanceof HoldfastError ? (errorRow(error.code).kind ?? 'failed') : 'failed'];
}

/** What the system tells this process. */
interface Signals {
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

/** What to throw when `command` could not be parsed: an error that names its help. Help and version, which end a parse too, stay what they are. */
export function usageError(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0 || error.code === 'commander.help') return error;
  const message = error.message
    .replace(/^error: /, '')
    .replace(
      /^command-argument value ('[^']*') is invalid for argument ('[^']*')\. /,
      'argument $2: $1 is invalid; ',
    )
    .replace(/\n\(Did you mean ([^?\n]*)\?\)/, '; did you mean $1?');
  return new HoldfastError('usage', message, { hint: helpOf(command) });
}

/** The command that shows the help of `command`, as a user calls it: `holdfast cert revoke --help`. */
export function helpOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return [...names, '--help'].join(' ');
}

/**
 * Refuses a word of `command` that is there and empty: what a script has for a variable that was never set. As a path it
 * would be the folder that the user stands in.
 * @throws HoldfastError `usage`
 */
export function refuseEmpty(command: Command): void {
  const [empty] = [...emptyArguments(command), ...emptyOptions(command)];
  if (empty === undefined) return;
  throw new HoldfastError('usage', `${empty} is empty`, { hint: helpOf(command) });
}

/** A vendor's words are read by `compat`, which knows where one may be empty. */
function emptyArguments({ args, registeredArguments }: Command): string[] {
  return args.flatMap((word, at) => {
    const name = (registeredArguments[at] ?? registeredArguments.at(-1))?.name();
    return word === '' && name !== 'words' ? [`argument '${name}'`] : [];
  });
}

function emptyOptions(command: Command): string[] {
  return command.options
    .filter((option) => [command.getOptionValue(option.attributeName())].flat().includes(''))
    .map(({ flags }) => `option '${flags}'`);
}

/**
 * Makes `command` refuse an option that is said twice with a value and takes one: the first would be passed over. A switch
 * may be said as often as somebody likes.
 */
export function refuseRepeated(command: Command): void {
  for (const option of command.options.filter(takesOne)) {
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      times += 1;
      if (times > 1) throw saidTwice(command, option);
    });
  }
}

/** What to throw for such an option. */
export function saidTwice(command: Command, option: Option): HoldfastError {
  return new HoldfastError('usage', `option '${option.flags}' is said twice, and takes one value`, {
    hint: helpOf(command),
  });
}

function takesOne(option: Option): boolean {
  return !option.isBoolean() && !option.variadic && !(option instanceof RepeatableOption);
}
