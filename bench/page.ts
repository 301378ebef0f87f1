import { cpus, release, totalmem } from 'node:os';
import { dataSetDescription } from './data-set.ts';
import { lineDescription } from './line-proxy.ts';
import type { BenchOptions } from './options.ts';
import { newestRestic, restics, versionOf } from './restic-words.ts';
import type { RowResult } from './rows.ts';
import { renderDetails, renderTable } from './table.ts';

/** The published page: the table, every run, and how it was measured. */
export function renderPage(
  results: readonly RowResult[],
  options: BenchOptions,
  kills: readonly string[],
): string {
  return `# Benchmark

Holdfast as built for publishing against restic, in one run of \`npm run bench -- --write\`, the contenders taking turns,
median of ${options.runs}.

${renderTable(results)}

*restic ÷ ours*: how many times as fast as restic Holdfast is. *stored ÷ restic’s*: size of the repositories.
*CPU s/GB*: processor seconds for each GB (10⁹ bytes) of data, restic : Holdfast. *peak MB*: likewise, in 10⁶ bytes.
The peer is the fastest of all others: of each restic that was there, and in rows over mutual TLS of each against our server
and against \`rclone serve restic\`.

## Survival

${kills.length === 0 ? 'Not part of this run.' : kills.map((line) => `- ${line}`).join('\n')}

## How it is measured

${machine()}

- Time is that of the whole command, from start to exit. Servers run already, on the same processors. Before each run, what
  was written earlier is synced to disk; the data to back up is in the page cache, and so are the programs, which have run once.
- Making the repository and joining are not measured. Cache and compression are the defaults of both programs. A first
  backup has a cache of its own, an unchanged one and a restore that of the backups before.
- restore writes large and small together into a folder made for each run, in memory (/dev/shm) where there is such a file
  system, because ext4 avoids inodes that were deleted just before, and one of the small files out of both; check and unchanged
  are about both, too.
- The long line is a proxy of the benchmark on the same machine: ${lineDescription}.
- CPU is user and system time of the command and, for as long as it runs, of the server.
- Peak memory is the highest resident set of the command as the kernel reports it at its end and, after the plus sign,
  of the server while the command ran (\`VmHWM\`, reset before each run). Both peaks need not fall on the same moment, so the
  sum is an upper bound. Pages that processes share count in each.

## The data

${dataSetDescription}

Seed ${options.seed}${options.size === 1 ? '' : `; **all amounts times ${options.size}**`}.

## Every run

${renderDetails(results)}
`;
}

function machine(): string {
  const [cpu] = cpus();
  return [
    `- ${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    `- Node ${process.version}, ${restics()
      .map(({ program }) => versionOf(program))
      .join(', ')}, ${versionOf('rclone')}`,
    ...(newestRestic() === undefined
      ? ['- The newest restic could not be built where this was measured.']
      : []),
  ].join('\n');
}
