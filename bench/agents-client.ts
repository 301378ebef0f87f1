import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { hourMs } from '../src/base/index.ts';
import { type AgentReport, agentPaths, orderPaths } from '../src/enrol/index.ts';
import type { AgentsTask } from './agents-row.ts';
import type { EnrolledMachine } from './enrolled-machines.ts';

/**
 * A program that is the agents of all machines of a file, as the server sees them: each has a snapshot in its repository, holds a line
 * for orders, and reports three sets every minute over a connection that is kept for an hour, the machines spread evenly over both. It says how many have
 * reported once; told to by a line of input, how many reports were taken.
 */
const { file, port, everyMs, eachConnection } = JSON.parse(process.argv[2] ?? '') as AgentsTask;
const machines = JSON.parse(readFileSync(file, 'utf8')) as EnrolledMachine[];
const atOnce = 8;
let taken = 0;

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask(agent: Agent, { path, method = 'GET', body, headers = {} }: Asked) {
  return new Promise<{ status: number; tag: string | undefined }>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { host: '127.0.0.1', port, path, method, agent, headers: { ...headers, ...length } };
    const asked = request(options, (answer) => {
      answer
        .resume()
        .once('end', () => resolve({ status: answer.statusCode ?? 0, tag: answer.headers.etag }));
    });
    asked.once('error', reject).end(body);
  });
}

class BenchAgent {
  readonly #machine: EnrolledMachine;
  readonly #name: string;
  readonly #snapshot = 'a snapshot, as far as whoever has no key can tell';
  #line: Agent;
  #reports: number;

  constructor(machine: EnrolledMachine, at: number) {
    this.#machine = machine;
    this.#name = `bench-${at}`;
    this.#line = this.#connect();
    this.#reports = at % eachConnection;
  }

  async begin(): Promise<void> {
    const body = this.#snapshot;
    await this.#expect({ path: `/${this.#name}/?create=true`, method: 'POST' });
    await this.#expect({ path: `/${this.#name}/snapshots/${digestOf(body)}`, method: 'POST', body });
    await this.report();
    void this.#holdLine();
  }

  async report(): Promise<void> {
    if (++this.#reports % eachConnection === 0) {
      this.#line.destroy();
      this.#line = this.#connect();
    }
    const body = JSON.stringify(reportOf(digestOf(this.#snapshot)));
    await this.#expect({
      path: agentPaths.report,
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    taken++;
  }

  async #expect(asked: Asked): Promise<void> {
    const { status } = await ask(this.#line, asked);
    if (status !== 200) throw new Error(`${asked.method} ${asked.path}: ${status}`);
  }

  async #holdLine(): Promise<void> {
    const line = this.#connect();
    let known: string | undefined;
    for (;;) {
      const headers: Readonly<Record<string, string>> = known === undefined ? {} : { 'if-none-match': known };
      const { tag } = await ask(line, { path: orderPaths.orders, headers });
      known = tag ?? known;
    }
  }

  #connect(): Agent {
    const { cert, key } = this.#machine;
    return new Agent({ keepAlive: true, maxSockets: 1, cert, key, rejectUnauthorized: false });
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function reportOf(snapshot: string): AgentReport {
  const nowMs = Date.now();
  const sets = ['documents', 'mail', 'system'].map((name) => ({
    id: `${name}-abc234`,
    name,
    every: '6h',
    state: 'ok' as const,
    sinceMs: nowMs,
    nextMs: nowMs + 6 * hourMs,
    afterMs: nowMs + 12 * hourMs,
    running: false,
    last: { begunMs: nowMs, endedMs: nowMs, result: 'ok' as const },
    success: { begunMs: nowMs, endedMs: nowMs, snapshot, files: 10_000, bytes: 5e9, added: 1e6 },
    drill: { endedMs: nowMs, result: 'proven' as const, provenMs: nowMs, files: 300, bytes: 5e7 },
  }));
  return { version: 1, sentMs: nowMs, everyMs, sets, total: sets.length };
}

const agents = machines.map((machine, at) => new BenchAgent(machine, at));
const waiting = agents.values();
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (const agent of waiting) await agent.begin();
  }),
);
console.log(agents.length);
process.stdin.on('data', () => console.log(taken));
process.stdin.once('end', () => process.exit(0));
const beganMs = performance.now();
for (let number = 0; ; number++) {
  const dueMs = beganMs + (number * everyMs) / agents.length;
  await setTimeout(Math.max(0, dueMs - performance.now()));
  void agents[number % agents.length]?.report();
}
