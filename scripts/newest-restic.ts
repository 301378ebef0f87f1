import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const restic = 'github.com/restic/restic';
const version = 'v0.19.0';
/** The hash of its source as `go.sum` has it, so that every build is of the same. */
const sum = 'h1:IQugM6uMG9/lL00O0HM30P12usLmhHeeQhooPRQY/VI=';
const cache = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'holdfast',
  `restic-${version}`,
);

/** The path of the newest restic that {@link buildNewestRestic} has put into the cache; undefined without. */
export function findNewestRestic(): string | undefined {
  const path = join(cache, 'restic');
  return existsSync(path) ? path : undefined;
}

/**
 * Builds the newest restic from the source that the Go module proxy has, what it needs by its own `go.sum`, into the user's
 * cache. Returns whether it is there now; without Go, or with other source than was meant, it is not.
 */
export function buildNewestRestic(): boolean {
  const source = fetchSource();
  if (source === undefined) return false;
  mkdirSync(cache, { recursive: true });
  const beside = join(cache, `restic.new-${process.pid}`);
  const built = go(['build', '-o', beside, './cmd/restic'], source);
  if (built === undefined) return false;
  renameSync(beside, join(cache, 'restic'));
  return true;
}

/** Where Go keeps the source, once it is the one that was meant. */
function fetchSource(): string | undefined {
  const answer = go(['mod', 'download', '-json', `${restic}@${version}`], '/');
  const { Dir, Sum } = JSON.parse(answer ?? '{}') as { readonly Dir?: string; readonly Sum?: string };
  return Sum === sum ? Dir : undefined;
}

/** What a go command says; undefined when there is no Go, or it fails. */
function go(words: readonly string[], directory: string): string | undefined {
  // Its hash stands here; the public list of hashes is not reached from everywhere.
  const env = { ...process.env, GONOSUMDB: restic, GOFLAGS: '' };
  const { status, stdout } = spawnSync('go', words, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout : undefined;
}
