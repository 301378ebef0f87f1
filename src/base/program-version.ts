import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';
import { systemErrorCode } from './error.ts';

let known: string | undefined;

/** The directory of the package that this program is in. */
export function programDirectory(): string {
  return dirname(findPackageJSON(import.meta.url) ?? '');
}

/** The version of this program, as its package has it: `0.1.0`. */
export function programVersion(): string {
  known ??= (JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? '', 'utf8')) as { version: string })
    .version;
  return known;
}

/** What somebody who looks for a fault has to know of a program. */
export interface ProgramBuild {
  readonly version: string;
  /** The commit that it was built from; null where it runs from its source, or was built outside of its repository. */
  readonly commit: string | null;
  readonly node: string;
  readonly openssl: string;
}

/** Tells what this program was built from, and what runs it. */
export function programBuild(): ProgramBuild {
  const { node, openssl } = process.versions;
  return { version: programVersion(), commit: builtFrom(), node, openssl };
}

/** The build writes it beside the bundle, in which this file is. */
function builtFrom(): string | null {
  try {
    return readFileSync(new URL('./COMMIT', import.meta.url), 'utf8').trim();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
