import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LoadResult, LoadTask } from './load.ts';

/**
 * A program that sends requests that were made beforehand over a few connections, each the next one as soon as the last
 * was answered, and prints what came of it. It verifies nothing and keeps nothing, so that it takes little of the
 * processors it shares with the server.
 */
const task = JSON.parse(process.argv[2] ?? '') as LoadTask;
const requests = readRequests(task.file);
const statuses: Record<string, number> = {};
const latencies: number[] = [];
let next = task.skip;
const end = Math.min(requests.length, task.skip + task.count);

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
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, () =>
          resolve(socket),
        )
      : connectPlain({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.setNoDelay(true).once('error', reject);
  });
}

/** One request after the other, each on a connection of its own where none is kept. */
async function converse(kept: Socket | undefined): Promise<void> {
  for (let request = requests[next++]; next <= end && request !== undefined; request = requests[next++]) {
    const sent = performance.now();
    const socket = kept ?? (await open());
    const status = await exchange(socket, request);
    if (kept === undefined) socket.destroy();
    latencies.push(performance.now() - sent);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  kept?.destroy();
}

function exchange(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const finish = (): void => {
      socket.off('data', onData).off('end', onEnd).off('error', reject);
      resolve(received.toString('latin1', 9, 12));
    };
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      if (isWhole(received)) finish();
    };
    // An answer without a length ends with its connection.
    const onEnd = (): void => {
      socket.destroy();
      finish();
    };
    socket.on('data', onData).once('end', onEnd).once('error', reject);
    socket.write(request);
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
