import type { Command } from 'commander';
import type { Clock, Log, LogLevel } from '../../base/index.ts';
import type { Line } from '../../transport/index.ts';
import type { Output, Progress } from '../terminal/output.ts';

/** What a command works with besides its own words; made once in `main.ts`, and by tests. */
export interface Context {
  /** Path of the home directory, whether it is there or not. */
  readonly home: string;
  /** The folder the user stands in, also when npm runs the program from another one. */
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The file with the passphrase of the authority's keystore, when one was named. */
  readonly keystorePassphraseFile?: string;
  readonly output: Output;
  readonly log: Log;
  /** A log with a level of its own, which is asked for each line; `--verbose` shows everything. */
  readonly logAt: (level: () => LogLevel) => Log;
  readonly clock: Clock;
  /** How a line that is down is borne, and told of. */
  readonly line: Line;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Does `work` at each SIGHUP until it is disposed of. */
  readonly onHangUp: (work: () => void) => Disposable;
  readonly progress: (label: string) => Progress;
  /** Whether somebody sits at a terminal who may be asked. */
  readonly asks: boolean;
  /** The whole command line, to tell of: every word, with its options. */
  readonly program: () => Promise<Command>;
}
