import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const workerStart = /\bworkerEntry\(\s*import\.meta\.url\s*,\s*'(?<name>[^']+)'/g;

/**
 * The files of `source` that run in threads of their own, by the name that `workerEntry` looks for beside the bundle. All
 * of a bundle is in one folder, so two workers of one name are refused.
 */
export function workerEntries(source: string): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const file of globSync('**/*.ts', { cwd: source })) {
    for (const { groups } of readFileSync(join(source, file), 'utf8').matchAll(workerStart))
      addEntry(entries, join(source, dirname(file), `${groups?.['name']}.ts`));
  }
  return entries;
}

function addEntry(entries: Record<string, string>, path: string): void {
  const name = basename(path, '.ts');
  if ((entries[name] ?? path) !== path) throw new Error(`two workers of one name: ${path}, ${entries[name]}`);
  entries[name] = path;
}
