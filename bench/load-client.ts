import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { LoadResult, LoadTask } from './load.ts';

/**
 * A program that sends requests that were made beforehand over a few connections, each the next one as soon as the last
 * was answered, and prints what came of it. It verifies nothing and keeps nothing, so that it takes little of the
 * processors it shares with the server.
 */
const task = JSON.parse(process.argv[2] ?? '') as LoadTask;
const requests = readRequests(task.file);
const { cert, key, group: ecdhCurve } = task.tls ?? {};
const secureContext = createSecureContext({ cert, key, ecdhCurve });
const secure = { host: '127.0.0.1', secureContext, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] };
const statuses: Record<string, number> = {};
const latencies: number[] = [];
let next = task.skip;
const end = task.skip + task.count;

const kept = task.keepsAlive ? await Promise.all(Array.from({ length: task.connections }, open)) : [];
const cpu = process.cpuUsage();
const started = performance.now();
await Promise.all(Array.from({ length: task.connections }, (_, index) => converse(kept[index])));
const seconds = (performance.now() - started) / 1000;
const { user, system } = process.cpuUsage(cpu);
latencies.sort((a, b) => a - b);
const result: LoadResult = {
  statuses,
  seconds,
  clientCpuSeconds: (user + system) / 1e6,
  medianMs: latencies[Math.floor(latencies.length / 2)] ?? 0,
  lateMs: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
};
console.log(JSON.stringify(result));

/** Requests as they lie in the file, each after its length in four bytes. */
function readRequests(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + 4;
    at = from + bytes.readUInt32LE(at);
    found.push(bytes.subarray(from, at));
  }
  return found;
}

function open(): Promise<Socket> {
  const { port } = task;
  return new Promise((resolve, reject) => {
    const socket: Socket = task.secure
      ? connectTls({ ...secure, port }, () => resolve(socket))
      : connectPlain({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.setNoDelay(true).once('error', reject);
  });
}

/** The next request, when there is one left. */
function take(): Buffer | undefined {
  return next < end ? requests[next++ % requests.length] : undefined;
}

/** One request after the other, each on a connection of its own where none is kept. */
async function converse(kept: Socket | undefined): Promise<void> {
  let since = performance.now();
  for (let first = take(); first !== undefined; first = take()) {
    await exchange(kept ?? (await open()), { first, since });
    since = performance.now();
  }
  kept?.destroy();
}

/**
 * Sends a request, which has been under way `since`, and all that are left after it where connections are kept; ends the
 * connection.
 */
function exchange(socket: Socket, { first, since }: { first: Buffer; since: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer | undefined;
    let sent = since;
    const finish = (answer: Buffer): void => {
      received = undefined;
      latencies.push(performance.now() - sent);
      const status = answer.toString('latin1', 9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      const following = task.keepsAlive ? take() : undefined;
      if (following === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      sent = performance.now();
      socket.write(following);
    };
    socket.on('data', (chunk: Buffer) => {
      received = received === undefined ? chunk : Buffer.concat([received, chunk]);
      if (isWhole(received)) finish(received);
    });
    // An answer without a length ends with its connection, which then is not kept.
    socket.once('end', () => finish(received ?? Buffer.alloc(0)));
    socket.once('error', reject);
    socket.write(first);
  });
}

function isWhole(answer: Buffer): boolean {
  const headerEnd = answer.indexOf('\r\n\r\n');
  if (headerEnd < 0) return false;
  const header = answer.toString('latin1', 0, headerEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(header)?.[1];
  if (length !== undefined) return answer.length >= headerEnd + 4 + Number(length);
  return (
    /\r\ntransfer-encoding: *chunked/i.test(header) && answer.subarray(-5).toString('latin1') === '0\r\n\r\n'
  );
}
