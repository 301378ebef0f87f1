import { parseArgs } from 'node:util';

/** The rows of the table, in its order. */
export const rowNames = [
  'large',
  'one',
  'small',
  'unchanged',
  'rescan',
  'sparse',
  'restore',
  'restore-small',
  'restore-one',
  'check',
  'find',
  'diff',
  'prune',
] as const;
export type RowName = (typeof rowNames)[number];

/** The rows about the authority, which have tables of their own. */
export const authorityRowNames = ['issue', 'ocsp', 'million'] as const;
export type AuthorityRowName = (typeof authorityRowNames)[number];

/** The rows about connections, likewise. */
export const transportRowNames = ['channel', 'handshakes', 'idle', 'agents', 'swaps'] as const;
export type TransportRowName = (typeof transportRowNames)[number];

const everyRow = [...rowNames, ...authorityRowNames, ...transportRowNames];

/** Where repositories are: in a directory, behind mutual TLS on the same machine, or behind a long line as well. */
export const placeNames = ['local', 'mtls', 'line'] as const;
export type PlaceName = (typeof placeNames)[number];

/** What is measured at each place, unless all is. */
export const rowsAt: Partial<Record<PlaceName, readonly RowName[]>> = {
  mtls: rowNames.filter((row) => row !== 'prune'),
  line: ['large', 'small'],
};

/** What one run of the benchmark does. */
export interface BenchOptions {
  readonly rows: readonly RowName[];
  readonly authorityRows: readonly AuthorityRowName[];
  readonly transportRows: readonly TransportRowName[];
  readonly places: readonly PlaceName[];
  /** How often each row is measured on each side; the median counts. */
  readonly runs: number;
  /** Factor on the amount of data: 1 is what the published table has. */
  readonly size: number;
  /** How often the client, and how often the server, is killed; 0 leaves that part out. */
  readonly kills: number;
  readonly seed: number;
  /** Whether the table goes into `docs/benchmark.md`. */
  readonly write: boolean;
}

export const usage = `npm run bench -- [--rows ${everyRow.join(',')}] [--places ${placeNames.join(',')}] [--runs 5]
                 [--size 1] [--kills 20] [--seed 1] [--write]

--rows none measures nothing, --kills 0 kills nothing; --size 0.1 takes a tenth of the data.
Measured beside the restic that PATH has, and the newest: built where there is Go, or BENCH_RESTIC=/path.`;

/** The options that the words of a command line say; a `TypeError` for words that say nothing. */
export function parseOptions(words: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...words],
    options: {
      rows: text,
      places: text,
      runs: text,
      size: text,
      kills: text,
      seed: text,
      write: { type: 'boolean' },
    },
  });
  const rows: readonly string[] = chosen(values.rows, everyRow);
  return {
    rows: rowNames.filter((name) => rows.includes(name)),
    authorityRows: authorityRowNames.filter((name) => rows.includes(name)),
    transportRows: transportRowNames.filter((name) => rows.includes(name)),
    places: chosen(values.places, placeNames),
    runs: number(values.runs, 5),
    size: number(values.size, 1),
    kills: number(values.kills, values.rows === undefined ? 20 : 0),
    seed: number(values.seed, 1),
    write: values.write ?? false,
  };
}

function chosen<T extends string>(text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  const words = text.split(',').filter((word) => word !== 'none');
  const unknown = words.find((word) => !known.some((name) => name === word));
  if (unknown !== undefined) throw new TypeError(`${unknown} is none of ${known.join(', ')}`);
  return known.filter((name) => words.includes(name));
}

function number(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (!Number.isFinite(value) || value < 0) throw new TypeError(`${text} is no number from 0 on`);
  return value;
}
