import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkProgram, HoldfastError } from '../../base/index.ts';
import type { Message } from '../notices.ts';

/**
 * Runs a program without a shell, with the message as JSON on its standard input; ended when `signal` says so.
 * @throws HoldfastError `notice_undelivered` for anything but exit code 0, `hook_unsafe`, `path_not_found`
 */
export async function giveToCommand(file: string, message: Message, signal: AbortSignal): Promise<void> {
  await checkProgram(file, 'program');
  const child = spawn(file, [], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  // Whoever does not read it all may still have done what it is for.
  child.stdin.on('error', () => {}).end(JSON.stringify(message));
  const [code, ended] = (await once(child, 'exit')) as [number | null, string | null];
  if (code === 0) return;
  throw new HoldfastError(
    'notice_undelivered',
    `the program ${file} came to ${ended === null ? `exit code ${code}` : `signal ${ended}`}`,
  );
}
