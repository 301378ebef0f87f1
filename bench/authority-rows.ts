import type { BuiltPackage } from './built-package.ts';
import { measureIssue } from './issue-row.ts';
import type { LoadMeasurement } from './load.ts';
import { measureMillion, type ScaleRow } from './million-row.ts';
import { measureOcsp } from './ocsp-row.ts';
import type { AuthorityRowName, BenchOptions } from './options.ts';

/** What the rows of the authority are measured with. */
export interface AuthorityTask extends Pick<BenchOptions, 'runs' | 'size'> {
  readonly built: BuiltPackage;
  /** An existing folder for everything that comes and goes. */
  readonly directory: string;
  /** Told of every run as it ends, with how many answers there were in a second. */
  readonly onRun: (row: AuthorityRowName, contender: string, perSecond: number) => void;
}

/** Two servers under the same load, taking turns. */
export interface LoadRow {
  readonly title: string;
  readonly peer: string;
  readonly theirs: LoadMeasurement[];
  readonly ours: LoadMeasurement[];
}

/** What the rows of the authority gave. */
export interface AuthorityResults {
  readonly load: readonly LoadRow[];
  readonly scale: readonly ScaleRow[];
}

/** Measures the chosen rows of the authority. */
export async function measureAuthority(
  rows: readonly AuthorityRowName[],
  task: AuthorityTask,
): Promise<AuthorityResults> {
  const load: LoadRow[] = [];
  if (rows.includes('issue')) load.push(...(await measureIssue(task)));
  if (rows.includes('ocsp')) load.push(...(await measureOcsp(task)));
  const scale = rows.includes('million') ? await measureMillion(task) : [];
  return { load, scale };
}
