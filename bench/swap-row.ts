import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { enrolPaths } from '../src/enrol/index.ts';
import { Network } from '../test/rig/network.ts';
import { type EnrolledMachine, enrolMachines } from './enrolled-machines.ts';
import { run } from './measure.ts';
import { median } from './median.ts';
import type { FigureRow, TransportTask } from './transport-rows.ts';

/** What is asked without end. */
export interface SteadyTask {
  readonly port: number;
  readonly path: string;
  readonly machine: EnrolledMachine;
  readonly everyMs: number;
}

const targetMs = 50;
const warmUpMs = 1000;

/** What is swapped while others ask: commands of an administrator at the server. The first swaps nothing. */
const swaps: Readonly<Record<string, (network: Network, round: number) => Promise<void>>> = {
  'nothing (a command that only reads)': (network) => runEach(network, [['cert', 'list']]),
  'the policy of a listener': (network, round) =>
    runEach(network, [
      ['policy', 'set', 'listeners.main.minimumVersion', round % 2 === 0 ? 'TLSv1.2' : 'TLSv1.3'],
    ]),
  'the issuing certificate': (network, round) =>
    runEach(network, [['ca', 'permit', ...(round % 2 === 0 ? ['localhost', '127.0.0.1/32'] : ['--none'])]]),
  'certificate and trust bundle (one from outside, its root, and back)': async (network) => {
    const file = (name: string) => join(network.directory, name);
    const bound = [file('outside.pem'), '--key', file('outside.key'), '--roots', file('root.pem')];
    await runEach(network, [
      ['tls', 'bind', ...bound],
      ['tls', 'unbind'],
    ]);
  },
};

/** How long a small request is kept waiting at most, while others are at work on what the server shows and asks for. */
export async function measureSwaps(task: TransportTask): Promise<FigureRow[]> {
  const directory = mkdtempSync(join(task.directory, 'swaps-'));
  await using network = await Network.start(directory, task.built.launcher);
  const [machine] = await enrolMachines(network, 1);
  if (machine === undefined) throw new Error('nobody joined');
  await makeOutside(network);
  await using client = startSteady({ port: network.port, path: enrolPaths.trust, machine, everyMs: 1 });
  await setTimeout(warmUpMs);
  const rows: FigureRow[] = [];
  for (const [what, swap] of Object.entries(swaps)) {
    const longest: number[] = [];
    for (let round = 0; round < Math.max(3, task.runs); round++) {
      await client.longestMs();
      await swap(network, round);
      longest.push(await client.longestMs());
      task.onRun('swaps', what, `${longest.at(-1)?.toFixed(1)} ms`);
    }
    const figure = `${Math.max(...longest).toFixed(1)} ms (median ${median(longest).toFixed(1)})`;
    rows.push({
      title: `longest wait of others while swapping ${what}`,
      figure,
      target: `at most ${targetMs} ms`,
    });
  }
  return rows;
}

/** A certificate of an outside root, `outside.pem`, with its key and that root. */
async function makeOutside({ directory }: Network): Promise<void> {
  const script = `
set -e
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -keyout root.key -out root.pem -subj /CN=outside -days 30
openssl req -new $new -keyout outside.key -out outside.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nextendedKeyUsage=serverAuth\\n' > outside.ext
openssl x509 -req -in outside.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile outside.ext -out outside.pem
`;
  await run({ program: '/bin/sh', words: ['-c', script], env: {}, directory });
}

async function runEach(network: Network, commands: readonly (readonly string[])[]): Promise<void> {
  for (const words of commands) await network.run(words);
}

function startSteady(task: SteadyTask): AsyncDisposable & { readonly longestMs: () => Promise<number> } {
  const program = join(import.meta.dirname, 'steady-client.ts');
  const words = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(task)];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    longestMs: async () => {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the client that asks without end has ended');
      return Number(value);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await closed;
    },
  };
}
