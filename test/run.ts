import { chmodSync, existsSync, globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { layOutPackage } from '../scripts/bundle/lay-out-package.ts';
import { runMark } from './rig/ending-with-us.ts';
import { inProcessGroups } from './rig/process-groups.ts';
import { mostProcessorTime, notingProcessorTime } from './rig/processor-time.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/**
 * Runs the test files that its words name, as paths or patterns; those that need no other programs' tools when there are
 * none. What they start is the package that `npm run build` made. In the end it says which files took the most processor time.
 */
const words = process.argv.slice(2);
const patterns = words.length > 0 ? words : ['test/*.test.ts', 'test/rig/**/*.test.ts', 'src/**/*.test.ts'];
const place = temporaryDirectory();
// Some tests run the package as a user who owns nothing.
chmodSync(place.path, 0o755);
const times = join(place.path, 'processor-time');
const noting = notingProcessorTime(times);
process.once('exit', () => {
  if (existsSync(times)) console.log(mostProcessorTime(times, 10));
  place[Symbol.dispose]();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
run({
  files: inProcessGroups(patterns.flatMap(largestFirst), join(place.path, 'groups')),
  // What waits for a disk or a clock leaves its core to another.
  concurrency: availableParallelism() + 1,
  // A campaign of kills takes hours.
  timeout: process.env['HOLDFAST_TEST_KILLS'] === undefined ? 1_200_000 : Number.POSITIVE_INFINITY,
  execArgv: [
    '--disable-warning=ExperimentalWarning',
    `--import=${import.meta.resolve('./rig/package-threads.ts')}`,
    ...noting.execArgv,
  ],
  env: {
    ...process.env,
    ...noting.env,
    [runMark]: String(process.pid),
    NODE_COMPILE_CACHE: join(import.meta.dirname, '../node_modules/.cache/compiled'),
    HOLDFAST_TEST_LAUNCHER: layOutPackage(join(place.path, 'package')),
    HOLDFAST_TEST_CACHE: join(place.path, 'cache'),
  },
})
  .on('test:summary', ({ file, success }) => {
    if (file === undefined && !success) process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);

/** So that no core is left alone with a long one in the end. */
function largestFirst(pattern: string): string[] {
  return globSync(pattern).toSorted((a, b) => statSync(b).size - statSync(a).size);
}
