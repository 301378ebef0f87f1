import { run } from '../../src/cli/run.ts';
import { errorIn } from './refusal.ts';

/**
 * Runs a command line in this process, for tests with very many of them, and gives its exit code and, when it failed, its
 * error. Standard output stays what it is: the test itself reports there.
 */
export async function runHere(
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number; error: { code: string; message: string; hint: string } | undefined }> {
  const stream: { write: (text: string | Uint8Array) => boolean } = process.stderr;
  const kept = stream.write;
  let stderr = '';
  process.stdout.setMaxListeners(0);
  process.stderr.setMaxListeners(0);
  stream.write = (text) => {
    stderr += String(text);
    return true;
  };
  try {
    const code = await run({ program: 'holdfast', words: [...words, '--json'] }, environment);
    return { code, error: code === 0 ? undefined : errorIn({ code, signal: null, stdout: '', stderr }) };
  } finally {
    stream.write = kept;
  }
}
