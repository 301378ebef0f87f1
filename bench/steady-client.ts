import { setTimeout } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { SteadyTask } from './swap-row.ts';

/**
 * A program that asks one small thing over one connection, again as soon as it was answered or {@link SteadyTask.everyMs} after
 * the last. For each line of input it prints how long the longest answer took since the line before, in milliseconds.
 */
const { port, path, machine, everyMs } = JSON.parse(process.argv[2] ?? '') as SteadyTask;
const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
let longestMs = 0;

process.stdin.on('data', () => {
  console.log(longestMs);
  longestMs = 0;
});
process.stdin.once('end', () => process.exit(0));

/** Since when an answer is waited for, on whichever connection it comes. */
let since = performance.now();
for (;;) await ask();

/** Over one connection, until it ends. */
async function ask(): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, ...machine, rejectUnauthorized: false });
  let answered: (answer: Buffer | undefined) => void = () => {};
  const next = () => new Promise<Buffer | undefined>((resolve) => (answered = resolve));
  // An idle connection ends when its listener is changed, and what was sent in that moment has to be sent again.
  socket.on('error', () => {}).once('close', () => answered(undefined));
  socket.on('data', (answer) => answered(answer));
  while (!socket.destroyed) {
    socket.write(request);
    const answer = await next();
    if (answer === undefined) return;
    const text = answer.toString('latin1');
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(text);
    longestMs = Math.max(longestMs, performance.now() - since);
    if (/\r\nconnection: close\r\n/i.test(text)) socket.destroy();
    await setTimeout(everyMs);
    since = performance.now();
  }
}
