import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { createLog, type Log, type LogLevel, systemClock } from '../base/index.ts';
import type { CalledWords } from './called-words.ts';
import { type CommandEntry, commands } from './commands.ts';
import type { Context } from './context.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { whatEnded } from './failure.ts';
import { defaultHome } from './home.ts';
import { nameOption } from './name-option.ts';
import { createOutput, type Output, sayError } from './output.ts';
import { startProgress } from './progress.ts';
import { rawWorkingDirectory } from './raw-words.ts';
import { refuseEmpty } from './refuse-empty.ts';
import { refuseRepeated } from './refuse-repeated.ts';
import { listenForSignals } from './signals.ts';
import { lineToldIn } from './telling-outages.ts';
import { helpOf, usageError } from './usage-error.ts';
import { checkRules } from './word-rules.ts';

/** What every command takes. */
interface GlobalOptions {
  readonly home?: string;
  readonly keystorePassphraseFile?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Runs one command line and gives its exit code. Expected failures are said, never thrown. */
export async function run(called: CalledWords, environment: NodeJS.ProcessEnv): Promise<number> {
  const { words } = called;
  const signals = listenForSignals();
  const workingDirectory = rawWorkingDirectory(process.cwd());
  surviveLostOutput();
  let started: Command | undefined;
  let output: Output = createOutput(words.includes('--json'), process.stdout, process.stderr);
  const start = (command: Command): Context => {
    const options = command.optsWithGlobals<GlobalOptions>();
    output = createOutput(options.json === true, process.stdout, process.stderr);
    started = command;
    const logAt = (level: () => LogLevel): Log =>
      createLog({ level: options.verbose === true ? 'debug' : level });
    const log = logAt(() => 'warn');
    return {
      home: defaultHome(options.home, environment, workingDirectory),
      workingDirectory,
      environment,
      keystorePassphraseFile: options.keystorePassphraseFile,
      output,
      log,
      logAt,
      line: lineToldIn(output, log),
      clock: systemClock,
      signal: signals.ended,
      onHangUp: signals.onHangUp,
      progress: (label) => startProgress(label, process.stderr),
    };
  };
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

/** The whole command line, with every word loaded: what help, documentation and tests look at. */
export async function createFullProgram(): Promise<Command> {
  const program = createBareProgram();
  for (const entry of commands) await addCommand(program, entry, true, misplacedStart);
  return program;
}

async function createProgram(
  { program: name, words }: CalledWords,
  start: (command: Command) => Context,
): Promise<Command> {
  const vendors = commands.find((entry) => entry.name === name);
  if (vendors !== undefined) return await defineWord(createParser(name), vendors, start);
  const program = createBareProgram();
  for (const entry of commands) await addCommand(program, entry, words.includes(entry.name), start);
  return program;
}

function createBareProgram(): Command {
  return createParser('holdfast')
    .description('A backup network that brings its own certificate authority.')
    .addHelpText('after', examples);
}

/** A program of this name, with what is the same in each. What cannot be parsed is thrown, and said where every failure is. */
function createParser(name: string): Command {
  const program = new Command(name)
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureOutput({ outputError: () => {} })
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .hook('preAction', (_program, command) => {
      refuseEmpty(command);
      checkRules(command);
    });
  pointToItsHelp(program);
  return program;
}

/** Makes what is wrong with the words of `command` point to its own help. */
function pointToItsHelp(command: Command): void {
  command.exitOverride((error) => {
    throw usageError(command, error);
  });
}

async function addCommand(
  program: Command,
  entry: CommandEntry,
  wanted: boolean,
  start: (command: Command) => Context,
): Promise<void> {
  program.commandsGroup(entry.everyday ? 'Every day:' : 'Running a network:');
  const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
  if (wanted) await defineWord(command, entry, start);
}

async function defineWord(
  command: Command,
  entry: CommandEntry,
  start: (command: Command) => Context,
): Promise<Command> {
  (await entry.load())(command.description(entry.summary), start);
  addToEach(command);
  return command;
}

/** Adds what is everywhere: to every word where its help is, and to those that do something their options. */
function addToEach(command: Command): void {
  pointToItsHelp(command);
  if (command.commands.length > 0) {
    command.commands.forEach(addToEach);
    return;
  }
  command
    .optionsGroup('Everywhere:')
    .option('--home <dir>', 'home directory (HOLDFAST_HOME; /var/lib/holdfast for root)')
    .option('--keystore-passphrase-file <file>', "passphrase of the authority's keystore, where it has one")
    .option('--json', 'print JSON on stdout')
    .option('--verbose', 'log what is done, as JSON lines on stderr');
  refuseRepeated(command);
}

function misplacedStart(): Context {
  throw new TypeError('this program is for looking at, not for running');
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
function surviveLostOutput(): void {
  process.stdout.on('error', () => {
    process.exitCode = exitCode.failed;
  });
  process.stderr.on('error', () => {});
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const examples = `
Examples:
  holdfast up ~/Documents                 a network, a server and a verified backup
  holdfast token create laptop            a join code for another machine
  holdfast join                           on that machine, which asks for the code
  holdfast backup ~/Documents             back up again; only what changed is stored
  holdfast restore latest --target DIR    bring it back
`;
