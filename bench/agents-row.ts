import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { minuteMs, secondMs } from '../src/base/index.ts';
import { Network } from '../test/rig/network.ts';
import { enrolMachines } from './enrolled-machines.ts';
import { cpuSecondsOf, residentBytesOf } from './process-facts.ts';
import type { FigureRow, TransportTask } from './transport-rows.ts';

/** What the program that is the agents is to do. */
export interface AgentsTask {
  /** The machines as JSON. */
  readonly file: string;
  readonly port: number;
  /** Each agent reports so often, and remakes its connection after so many reports: as ours do. */
  readonly everyMs: number;
  readonly eachConnection: number;
}

const atSizeOne = 1000;
const measuredMs = 3 * minuteMs;
/** For what it took to connect all to be written and given back. */
const restMs = 10 * secondMs;

/** The processor that a server takes to which so many agents are connected, each of which waits for orders and reports every minute. */
export async function measureAgents(task: TransportTask): Promise<FigureRow[]> {
  const count = Math.max(10, Math.round(atSizeOne * task.size));
  const directory = mkdtempSync(join(task.directory, 'agents-'));
  await using network = await Network.start(directory, task.built.launcher);
  const file = join(directory, 'machines.json');
  writeFileSync(file, JSON.stringify(await enrolMachines(network, count)));
  const agents: AgentsTask = { file, port: network.port, everyMs: minuteMs, eachConnection: 60 };
  const program = join(import.meta.dirname, 'agents-client.ts');
  const words = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(agents)];
  const client = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(client, 'close');
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  const told = async (): Promise<number> => Number((await lines.next()).value);
  try {
    const connected = await told();
    if (connected !== count) throw new Error(`${connected} of ${count} agents are connected`);
    await setTimeout(restMs);
    const { pid } = network.server;
    const counted = async (): Promise<number> => {
      client.stdin.write('count\n');
      return await told();
    };
    const [reportsBefore, secondsBefore, beganMs] = [await counted(), cpuSecondsOf(pid), performance.now()];
    await setTimeout(measuredMs);
    const seconds = (performance.now() - beganMs) / 1000;
    const used = cpuSecondsOf(pid) - secondsBefore;
    const reports = (await counted()) - reportsBefore;
    const expected = (count * measuredMs) / minuteMs;
    if (reports < expected * 0.98) throw new Error(`${reports} of ${expected} reports were taken`);
    const share = ((100 * used) / seconds).toFixed(1);
    const each = ((1000 * used) / reports).toFixed(2);
    const title = `processor of a server with ${count.toLocaleString('en')} agents that report every minute`;
    const memory = Math.round(residentBytesOf(pid) / 1e6);
    const figure = `${share} % of a core (${each} ms a report, ${memory} MB)`;
    task.onRun('agents', title, figure);
    return [{ title, figure, target: 'under 5 % of a core' }];
  } finally {
    client.stdin.end();
    client.kill();
    await closed;
  }
}
