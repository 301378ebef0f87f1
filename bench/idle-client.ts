import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import type { EnrolledMachine } from './enrolled-machines.ts';
import type { IdleTask } from './idle-row.ts';

/**
 * A program that opens a connection for each machine of a file, asks one small thing over each, and keeps them all. It says how
 * many were answered; told to by a line of input, it asks again over each and says how many were.
 */
const { file, port, path, atOnce } = JSON.parse(process.argv[2] ?? '') as IdleTask;
const machines = JSON.parse(readFileSync(file, 'utf8')) as EnrolledMachine[];
const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const sockets: TLSSocket[] = [];

// Whoever asks nothing soon after the handshake is not kept.
await inLanes(machines, async (machine) => {
  const socket = await open(machine);
  if (await isAnswered(socket)) sockets.push(socket);
});
console.log(sockets.length);
process.stdin.once('data', () => void answered().then((count) => console.log(count)));
process.stdin.once('end', () => process.exit(0));

function open({ cert, key }: EnrolledMachine): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, cert, key, rejectUnauthorized: false };
    const socket = connect(options, () => resolve(socket)).once('error', reject);
  });
}

/** Over how many the answer is that of success. */
async function answered(): Promise<number> {
  let count = 0;
  await inLanes(sockets, async (socket) => {
    if (await isAnswered(socket)) count += 1;
  });
  return count;
}

function isAnswered(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = () => resolve(false);
    socket.once('close', onClose).once('data', (answer) => {
      socket.off('close', onClose);
      resolve(answer.toString('latin1', 0, 12) === 'HTTP/1.1 200');
    });
    if (!socket.write(request) && socket.destroyed) resolve(false);
  });
}

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = all.values();
  const lane = async () => {
    for (const one of waiting) await work(one);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
