import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

let known: string | undefined;

/** The version of this program, as its package has it: `0.1.0`. */
export function programVersion(): string {
  known ??= (JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? '', 'utf8')) as { version: string })
    .version;
  return known;
}
