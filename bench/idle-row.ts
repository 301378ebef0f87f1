import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { enrolPaths } from '../src/enrol/index.ts';
import { Network } from '../test/rig/network.ts';
import { enrolMachines } from './enrolled-machines.ts';
import { residentBytesOf } from './process-facts.ts';
import type { FigureRow, TransportTask } from './transport-rows.ts';

/** What the program that keeps connections is to do. */
export interface IdleTask {
  /** The machines as JSON. */
  readonly file: string;
  readonly port: number;
  /** What is asked over each. */
  readonly path: string;
  readonly atOnce: number;
}

const atSizeOne = 10_000;
/** For what was needed to shake hands to be given back. */
const restMs = 5000;
const targetBytes = 1e9;

/** The memory of a server that so many machines are connected to, each by its own certificate, who ask nothing. */
export async function measureIdle(task: TransportTask): Promise<FigureRow[]> {
  const count = Math.max(100, Math.round(atSizeOne * task.size));
  const directory = mkdtempSync(join(task.directory, 'idle-'));
  await using network = await Network.start(directory, task.built.launcher);
  const file = join(directory, 'machines.json');
  writeFileSync(file, JSON.stringify(await enrolMachines(network, count)));
  // What it took to enrol them is not counted.
  await network.server.stop();
  await network.restart();
  const { pid } = network.server;
  const before = residentBytesOf(pid);
  const idle: IdleTask = { file, port: network.port, path: enrolPaths.trust, atOnce: 8 };
  const program = join(import.meta.dirname, 'idle-client.ts');
  const words = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(idle)];
  const client = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(client, 'close');
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  const expectAll = async () => {
    const { value } = await lines.next();
    if (Number(value) !== count) throw new Error(`${value} of ${count} connections were answered`);
  };
  try {
    await expectAll();
    await setTimeout(restMs);
    const bytes = residentBytesOf(pid);
    client.stdin.write('again\n');
    await expectAll();
    const each = ((bytes - before) / count / 1000).toFixed(0);
    const title = `memory of a server with ${count.toLocaleString('en')} idle connections`;
    const megabytes = (value: number) => `${Math.round(value / 1e6)} MB`;
    const figure = `${megabytes(bytes)} (${megabytes(before)} before, ${each} kB each)`;
    task.onRun('idle', title, figure);
    return [{ title, figure, target: `at most ${megabytes(targetBytes)}` }];
  } finally {
    client.stdin.end();
    client.kill();
    await closed;
  }
}
