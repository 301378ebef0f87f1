import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { isBuilt } from './holdfast-process.ts';
import { errorIn } from './refusal.ts';

type Program = typeof import('../../src/cli/run.ts');

/** How a command ended that ran in this process. */
export interface HereResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when it succeeded. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | undefined;
}

/**
 * Runs a command line with `--json` in this process, as the package has it where tests run that: what a start of the program
 * costs is paid once. For tests that look at what a command says and leaves, and not at the process that it is; its environment is
 * what it is given, for all but what it asks the system itself, such as the user's home directory.
 */
export async function runHere(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<HereResult> {
  const { run } = await loadProgram();
  const stdout = new SpokenText();
  const stderr = new SpokenText();
  const kept = process.exitCode;
  process.exitCode = undefined;
  try {
    const code = await run({ program: 'holdfast', words: [...words, '--json'] }, environment, {
      stdout,
      stderr,
    });
    const said = { code, stdout: stdout.text, stderr: stderr.text };
    return { ...said, error: code === 0 ? undefined : errorIn(said) };
  } finally {
    process.exitCode = kept;
  }
}

let program: Promise<Program> | undefined;

/** The bundle is loaded in a tenth of the time that its source takes. */
function loadProgram(): Promise<Program> {
  program ??= (async () => {
    const built = join(import.meta.dirname, '../../dist/run.cjs');
    if (!isBuilt || !existsSync(built)) return await import('../../src/cli/run.ts');
    return (await import(pathToFileURL(built).href)) as Program;
  })();
  return program;
}

/** Keeps what is written as text. */
class SpokenText extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
