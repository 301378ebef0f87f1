import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { takesConnections } from '../test/rig/takes-connections.ts';
import type { BenchCommand } from './measure.ts';

/** A server that runs until its scope ends. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
}

/**
 * Starts a server and waits until it is `ready`: its port of this machine takes connections, or it has said so on standard
 * error. Throws its messages when it ends instead.
 */
export async function startServer(command: BenchCommand, ready: number | RegExp): Promise<ServerProcess> {
  const { program, words, env, directory } = command;
  const child = spawn(program, words, {
    env: { ...process.env, ...env },
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let messages = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (messages = (messages + text).slice(-10_000)));
  const closed = once(child, 'close');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const isReady = async () =>
    typeof ready === 'number' ? await takesConnections(ready) : ready.test(messages);
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${program} ended: ${messages}`);
    await setTimeout(20);
  }
  return {
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', kill);
      kill();
      await closed;
    },
  };
}
