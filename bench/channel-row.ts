import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Network } from '../test/rig/network.ts';
import { makeLarge, makeSmall } from './data-set.ts';
import { run } from './measure.ts';
import { median } from './median.ts';
import { cpuSecondsOf } from './process-facts.ts';
import { align } from './table.ts';
import type { TransportTask } from './transport-rows.ts';

/** What one run is to do, and by which way. */
export type ChannelTask = {
  readonly to:
    | { readonly kind: 'plain'; readonly url: string }
    | { readonly kind: 'node'; readonly directory: string; readonly repository: string };
} & (
  | { readonly kind: 'backup'; readonly path: string }
  | { readonly kind: 'objects'; readonly count: number }
);

/** What one run took. */
export interface ChannelRun {
  readonly seconds: number;
  /** Processor time of the client; of both, where it is said of a measurement. */
  readonly cpuSeconds: number;
}

/** The ways, of which the first is what others are held against. */
const ways = ['plain HTTP', 'mutual TLS', 'data channel'] as const;
type Way = (typeof ways)[number];

/** The same work by every way, taking turns. */
export interface ChannelRow {
  readonly title: string;
  readonly runs: Readonly<Record<Way, readonly ChannelRun[]>>;
}

const objectsAtSizeOne = 4000;

/** Backups and small objects through our own storage service: without TLS and anybody's proof, with it, and by tickets. */
export async function measureChannels(task: TransportTask): Promise<ChannelRow[]> {
  const directory = mkdtempSync(join(task.directory, 'channel-'));
  const [large, small] = [makeLarge, makeSmall].map((make, index) =>
    make(join(directory, `data-${index}`), task.seed, task.size),
  );
  await using network = await Network.start(join(directory, 'server'), task.built.launcher);
  const client = await network.join('me', join(directory, 'client'));
  await using plain = await startPlainStorage(join(directory, 'plain'));
  const count = Math.max(100, Math.round(objectsAtSizeOne * task.size));
  const works = {
    'first backup, large files': { kind: 'backup', path: large?.path ?? '' },
    'first backup, small files': { kind: 'backup', path: small?.path ?? '' },
    [`${count.toLocaleString('en')} objects of 4 kB, 8 at once`]: { kind: 'objects', count },
  } as const;
  let repositories = 0;
  const runBy = async (way: Way, work: (typeof works)[keyof typeof works]): Promise<ChannelRun> => {
    const repository = `run-${++repositories}`;
    if (way === 'plain HTTP')
      return await measureRun(
        { to: { kind: 'plain', url: `${plain.url}${repository}/` }, ...work },
        plain.pid,
      );
    // Who has come by the data channel is known, and that he has to come by TLS now is meant.
    await network.run(['policy', 'set', 'dataChannel', way === 'data channel' ? 'plain' : 'tls', '--yes']);
    const to = { kind: 'node', directory: join(client.home, 'node'), repository } as const;
    return await measureRun({ to, ...work }, network.server.pid);
  };
  const rows: ChannelRow[] = [];
  for (const [title, work] of Object.entries(works)) {
    const runs: Record<Way, ChannelRun[]> = { 'plain HTTP': [], 'mutual TLS': [], 'data channel': [] };
    for (let round = 0; round < task.runs; round++) {
      for (const way of ways) {
        const one = await runBy(way, work);
        runs[way].push(one);
        task.onRun('channel', `${title}, ${way}`, `${one.seconds.toFixed(2)} s`);
      }
    }
    rows.push({ title, runs });
  }
  return rows;
}

/** The storage service alone, for whoever comes, over plain HTTP. */
async function startPlainStorage(
  directory: string,
): Promise<AsyncDisposable & { readonly pid: number; readonly url: string }> {
  mkdirSync(directory);
  const entry = join(import.meta.dirname, '../test/rig/storage-server.ts');
  // As the launcher starts a server.
  const flags = [
    '--max-semi-space-size=2',
    '--heap-growing-percent=50',
    '--disable-warning=ExperimentalWarning',
  ];
  const words = [...flags, entry, directory];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${line.toString().trim()}/me/`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function measureRun(task: ChannelTask, serverPid: number): Promise<ChannelRun> {
  // What earlier runs wrote must not be written to disk during this one.
  execFileSync('sync');
  const program = join(import.meta.dirname, 'channel-client.ts');
  const words = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(task)];
  const before = cpuSecondsOf(serverPid);
  const output = await run({ program: process.execPath, words, env: {}, directory: import.meta.dirname });
  const { seconds, cpuSeconds } = JSON.parse(output) as ChannelRun;
  return { seconds, cpuSeconds: cpuSeconds + cpuSecondsOf(serverPid) - before };
}

/** The Markdown table of the ways. */
export function renderChannels(rows: readonly ChannelRow[]): string {
  const head = ['row', ...ways.map((way) => `${way} s`), 'plain ÷ TLS', 'plain ÷ data channel', 'CPU s'];
  return align([head, ...rows.map(channelLine)]);
}

function channelLine({ title, runs }: ChannelRow): string[] {
  const of = (way: Way, value: (one: ChannelRun) => number) => median(runs[way].map(value));
  const seconds = (way: Way) => of(way, (one) => one.seconds);
  const part = (way: Way) => (seconds('plain HTTP') / seconds(way)).toFixed(2);
  const cpu = ways.map((way) => of(way, (one) => one.cpuSeconds).toFixed(1)).join(' : ');
  return [
    title,
    ...ways.map((way) => seconds(way).toFixed(2)),
    part('mutual TLS'),
    part('data channel'),
    cpu,
  ];
}
