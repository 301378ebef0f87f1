import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuthorityTask } from './authority-rows.ts';
import { type FilledAuthority, makeAuthority, serveAuthority } from './authority-server.ts';
import { measure } from './measure.ts';
import { median } from './median.ts';
import { peakBytesOf } from './process-facts.ts';

const few = 1000;
const many = 1_000_000;
/** Of all certificates, one in so many is revoked. */
const revokedOneIn = 10;

/** What one thing costs with a thousand certificates and with a million. */
export interface ScaleRow {
  readonly title: string;
  readonly unit: 's' | 'MB';
  readonly few: number;
  readonly many: number;
}

/** One of the two authorities, and what was measured there. */
interface Measured {
  readonly title: string;
  readonly unit: ScaleRow['unit'];
  readonly value: number;
}

/** Measures what an authority costs that has issued a million certificates, a tenth of them revoked. */
export async function measureMillion(task: AuthorityTask): Promise<ScaleRow[]> {
  const ofFew = await measureWith(task, few);
  const ofMany = await measureWith(task, Math.max(few, Math.round(many * task.size)));
  return ofFew.map(({ title, unit, value }, index) => ({
    title,
    unit,
    few: value,
    many: ofMany[index]?.value ?? Number.NaN,
  }));
}

async function measureWith(task: AuthorityTask, certificates: number): Promise<Measured[]> {
  const directory = mkdtempSync(join(task.directory, 'scale-'));
  const filling = { certificates, revoked: certificates / revokedOneIn };
  const authority = await makeAuthority(task.built, directory, filling);
  const databaseBytes = statSync(authority.databasePath).size;
  const starts: number[] = [];
  for (let round = 1; round < task.runs; round++) starts.push(await startAndStop(task, authority));
  const started = performance.now();
  await using server = await serveAuthority(task.built, authority);
  starts.push((performance.now() - started) / 1000);
  const commands: Measured[] = [];
  for (const { title, words } of commandsOn(authority, task.runs)) {
    const seconds: number[] = [];
    for (const each of words) seconds.push((await measure(task.built.command(directory, each))).seconds);
    commands.push({ title, unit: 's', value: median(seconds) });
  }
  return [
    { title: 'start', unit: 's', value: median(starts) },
    ...commands,
    { title: 'peak memory of the server', unit: 'MB', value: peakBytesOf(server.pid) / 1e6 },
    { title: 'database', unit: 'MB', value: databaseBytes / 1e6 },
  ];
}

async function startAndStop(task: AuthorityTask, authority: FilledAuthority): Promise<number> {
  const started = performance.now();
  await using _server = await serveAuthority(task.built, authority);
  return (performance.now() - started) / 1000;
}

/** Each thing that is done, and its commands, one for each run. */
function commandsOn(
  { databasePath }: FilledAuthority,
  runs: number,
): { readonly title: string; readonly words: readonly (readonly string[])[] }[] {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const sql = 'SELECT serial FROM certificates WHERE revoked_at IS NULL ORDER BY serial LIMIT ?';
  const serials = database
    .prepare(sql)
    .all(2 * runs)
    .map(({ serial }) => String(serial));
  database.close();
  const again = (...words: string[]) => Array.from({ length: runs }, () => words);
  return [
    { title: 'revoke', words: serials.slice(0, runs).map((serial) => ['cert', 'revoke', serial, '--yes']) },
    { title: 'list', words: again('cert', 'list', '--limit', '100') },
    {
      title: 'list of what is revoked',
      words: again('cert', 'list', '--state', 'revoked', '--limit', '100'),
    },
    { title: 'list of what ends soon', words: again('cert', 'list', '--expiring', '30d', '--limit', '100') },
    { title: 'search by name', words: again('cert', 'list', '--search', 'machine-17', '--limit', '100') },
    {
      title: 'search by number',
      words: serials.slice(runs).map((serial) => ['cert', 'list', '--search', serial.slice(0, 12)]),
    },
    { title: 'status', words: again('status') },
    { title: 'list signed and written', words: again('ca', 'crl', '--out', 'list.crl') },
  ];
}
