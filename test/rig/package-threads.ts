import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a test file, this has the threads that it starts run what `npm run build` made, as the programs that it
 * starts do: a bundle is loaded in a fraction of the time that its source takes, file by file, in each thread anew.
 */
const built = join(import.meta.dirname, '../../dist');

if (!isMainThread)
  registerHooks({
    resolve: (specifier, context, next) =>
      next(context.parentURL === undefined ? inPackage(specifier) : specifier, context),
  });

/** Where the package has an entry point of `src`; those of tests are where they are. */
function inPackage(entry: string): string {
  const inBuilt = join(built, `${basename(entry, '.ts')}.cjs`);
  return entry.includes('/src/') && existsSync(inBuilt) ? pathToFileURL(inBuilt).href : entry;
}
