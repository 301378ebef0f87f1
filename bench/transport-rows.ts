import { measureAgents } from './agents-row.ts';
import type { LoadRow } from './authority-rows.ts';
import type { BuiltPackage } from './built-package.ts';
import { type ChannelRow, measureChannels } from './channel-row.ts';
import { measureHandshakes } from './handshake-row.ts';
import { measureIdle } from './idle-row.ts';
import type { BenchOptions, TransportRowName } from './options.ts';
import { measureSwaps } from './swap-row.ts';

/** What the rows about connections are measured with. */
export interface TransportTask extends Pick<BenchOptions, 'runs' | 'size' | 'seed'> {
  readonly built: BuiltPackage;
  /** An existing folder for everything that comes and goes. */
  readonly directory: string;
  /** Told of every run as it ends, with its figure. */
  readonly onRun: (row: TransportRowName, what: string, figure: string) => void;
}

/** What was measured once, beside what it may be. */
export interface FigureRow {
  readonly title: string;
  readonly figure: string;
  readonly target: string;
}

/** What the rows about connections gave. */
export interface TransportResults {
  readonly channels: readonly ChannelRow[];
  readonly handshakes: readonly LoadRow[];
  readonly figures: readonly FigureRow[];
}

/** Measures the chosen rows about connections. */
export async function measureTransport(
  rows: readonly TransportRowName[],
  task: TransportTask,
): Promise<TransportResults> {
  const channels = rows.includes('channel') ? await measureChannels(task) : [];
  const handshakes = rows.includes('handshakes') ? await measureHandshakes(task) : [];
  const figures: FigureRow[] = [];
  if (rows.includes('idle')) figures.push(...(await measureIdle(task)));
  if (rows.includes('agents')) figures.push(...(await measureAgents(task)));
  if (rows.includes('swaps')) figures.push(...(await measureSwaps(task)));
  return { channels, handshakes, figures };
}
