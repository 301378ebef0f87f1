import { type Command, CommanderError } from 'commander';
import { createLog, type Log, type LogLevel, systemClock } from '../base/index.ts';
import { defaultHome } from './home/default-home.ts';
import { type CalledWords, presentWords, rawWorkingDirectory } from './program/called-words.ts';
import { type CommonOptions, nameOption } from './program/common-options.ts';
import type { Context } from './program/context.ts';
import { createFullProgram, createProgram } from './program/create-program.ts';
import { exitCode, exitCodeOf, helpOf, listenForSignals, whatEnded } from './program/failure.ts';
import {
  createOutput,
  lineToldIn,
  type Output,
  type OutputStream,
  sayError,
  startProgress,
} from './terminal/output.ts';

/** Where a command line says what it has to say. */
export interface SpokenStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/**
 * Runs one command line and gives its exit code. Expected failures are said, never thrown. What a command writes as bytes, and
 * help, go to standard output whatever `streams` are.
 */
export async function run(
  said: CalledWords,
  environment: NodeJS.ProcessEnv,
  streams: SpokenStreams = process,
): Promise<number> {
  const { stdout, stderr } = streams;
  const { called, replaced } = presentWords(said);
  const { words } = called;
  const signals = listenForSignals();
  const workingDirectory = rawWorkingDirectory(process.cwd());
  surviveLostOutput(streams);
  let started: Command | undefined;
  let output: Output = createOutput(words.includes('--json'), stdout, stderr);
  const start = (command: Command): Context => {
    const options = command.opts<CommonOptions>();
    output = createOutput(options.json === true, stdout, stderr);
    started = command;
    const logAt = (level: () => LogLevel): Log =>
      createLog({ level: options.verbose === true ? 'debug' : level });
    const log = logAt(() => 'warn');
    return {
      home: defaultHome(options.home, environment, workingDirectory),
      workingDirectory,
      environment,
      keystorePassphraseFile: options.keystorePasswordFile,
      output,
      log,
      logAt,
      line: lineToldIn(output, log),
      clock: systemClock,
      signal: signals.ended,
      onHangUp: signals.onHangUp,
      progress: (label) => startProgress(label, stderr),
      asks: process.stdin.isTTY && stderr.isTTY === true,
      program: createFullProgram,
    };
  };
  for (const { old, now } of replaced)
    output.warn(`${old} is an old spelling of ${now}, and goes on working for a while`);
  try {
    const program = await createProgram(called, start);
    await program.parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? exitCode.done);
  } catch (error) {
    return fail(output, error, { signal: signals.ended, command: started, workingDirectory });
  } finally {
    signals.stop();
  }
}

/** What a failure has to do with besides itself. */
interface FailureSetting {
  readonly signal: AbortSignal;
  /** The command that failed, once it had begun. */
  readonly command: Command | undefined;
  readonly workingDirectory: string;
}

function fail(output: Output, error: unknown, { signal, command, workingDirectory }: FailureSetting): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  const ended = whatEnded(error, signal);
  const named = command === undefined ? ended : nameOption(ended, command, workingDirectory);
  sayError(output, named, command && helpOf(command));
  return exitCodeOf(ended);
}

/**
 * Whoever read our output may go away (`| head`), and the disk behind it may be full: what is served, or being done,
 * goes on. Data that did not arrive is a failure all the same.
 */
function surviveLostOutput({ stdout, stderr }: SpokenStreams): void {
  stdout.on('error', () => {
    process.exitCode = exitCode.failed;
  });
  stderr.on('error', () => {});
}
