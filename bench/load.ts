import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './measure.ts';
import { cpuSecondsOf, peakBytesOf, resetPeak } from './process-facts.ts';

/** What the load client is to send, and where. */
export interface LoadTask {
  /** As {@link writeRequests} writes it. */
  readonly file: string;
  readonly port: number;
  /** Whether it is HTTPS. */
  readonly secure: boolean;
  /** What the client proves itself with, and its key exchange; nothing and the usual one unless said. */
  readonly tls?: TlsChoice;
  readonly connections: number;
  /** False for a server that takes one request from a connection. */
  readonly keepsAlive: boolean;
  /** How many requests of the file are passed over, and how many are sent: from its beginning again after the last. */
  readonly skip: number;
  readonly count: number;
}

/** How a client speaks TLS. */
export interface TlsChoice {
  /** PEM: the certificate with what leads to the root, and its key. */
  readonly cert: string;
  readonly key: string;
  /** As OpenSSL names it. */
  readonly group: string;
}

/** What the load client saw. */
export interface LoadResult {
  /** How many answers had each HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly medianMs: number;
  /** Of a hundred answers, one took longer. */
  readonly lateMs: number;
}

/** What one run of load took. */
export interface LoadMeasurement extends LoadResult {
  readonly perSecond: number;
  /** Processor time for each answer. */
  readonly serverMicroseconds: number;
  readonly clientMicroseconds: number;
  readonly serverBytes: number;
}

/** Writes HTTP requests for the load client. */
export function writeRequests(path: string, requests: readonly Buffer[]): void {
  const parts = requests.flatMap((request) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(request.length);
    return [length, request];
  });
  writeFileSync(path, Buffer.concat(parts));
}

/** A POST request with everything it needs. */
export function postRequest(path: string, type: string, body: string | Uint8Array): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Runs the load client against the server `pid`; throws when an answer is none of success. */
export async function measureLoad(task: LoadTask, pid: number): Promise<LoadMeasurement> {
  resetPeak(pid);
  const before = cpuSecondsOf(pid);
  const client = join(import.meta.dirname, 'load-client.ts');
  const words = ['--disable-warning=ExperimentalWarning', client, JSON.stringify(task)];
  const output = await run({ program: process.execPath, words, env: {}, directory: import.meta.dirname });
  const result = JSON.parse(output) as LoadResult;
  const { 200: good = 0, ...others } = result.statuses;
  if (good !== task.count) throw new Error(`${good} of ${task.count} answered: ${JSON.stringify(others)}`);
  return {
    ...result,
    perSecond: good / result.seconds,
    serverMicroseconds: ((cpuSecondsOf(pid) - before) * 1e6) / good,
    clientMicroseconds: (result.clientCpuSeconds * 1e6) / good,
    serverBytes: peakBytesOf(pid),
  };
}
