import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A program that is built from the source that the Go module proxy has, what it needs by its own `go.sum`. */
export interface GoProgram {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The hash of its source as `go.sum` has it, so that every build is of the same. */
  readonly sum: string;
  /** The package of its command. */
  readonly command: string;
  /** What is built as its command instead of what it comes with: a program with few of its parts. */
  readonly main?: string;
}

/** The restic that the benchmark compares with. */
export const resticFromSource: GoProgram = {
  name: 'restic',
  module: 'github.com/restic/restic',
  version: 'v0.19.0',
  sum: 'h1:IQugM6uMG9/lL00O0HM30P12usLmhHeeQhooPRQY/VI=',
  command: './cmd/restic',
};

/** An S3 server over a directory that keeps the first of two objects, and checks what it is sent. */
export const versitygw: GoProgram = {
  name: 'versitygw',
  module: 'github.com/versity/versitygw',
  version: 'v1.8.0',
  sum: 'h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=',
  command: './cmd/versitygw',
};

/** An S3 server over a directory that does neither. Of the rest of rclone nothing is built. */
export const rcloneS3: GoProgram = {
  name: 'rclone-s3',
  module: 'github.com/rclone/rclone',
  version: 'v1.76.0',
  sum: 'h1:Gabl7KmhxyOXyMtFNA/s6wZ3LZ/2x0NP7xZLNEW3Guo=',
  command: './holdfast',
  main: `package main

import (
	_ "github.com/rclone/rclone/backend/local"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/serve/s3"
)

func main() { cmd.Main() }
`,
};

/** The path of a program that {@link buildGoProgram} has put into the user's cache; undefined without. */
export function findGoProgram(program: GoProgram): string | undefined {
  const path = join(cacheOf(program), program.name);
  return existsSync(path) ? path : undefined;
}

/** Builds a program into the user's cache. Returns whether it is there now; without Go, or with other source than was meant, it is not. */
export function buildGoProgram(program: GoProgram): boolean {
  const source = fetchSource(program);
  if (source === undefined) return false;
  const cache = cacheOf(program);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    const built = join(work, program.name);
    const words = ['build', '-o', built, program.command];
    if (go(program, words, withMain(program, source, work)) === undefined) return false;
    renameSync(built, join(cache, program.name));
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function cacheOf({ name, version }: GoProgram): string {
  const directory = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(directory, 'holdfast', `${name}-${version}`);
}

/** What Go keeps it lets nobody change: a command that is not among it is put into a copy. */
function withMain({ command, main }: GoProgram, source: string, work: string): string {
  if (main === undefined) return source;
  const copy = join(work, 'source');
  cpSync(source, copy, { recursive: true });
  chmodSync(copy, 0o755);
  mkdirSync(join(copy, command));
  writeFileSync(join(copy, command, 'main.go'), main);
  return copy;
}

/** Where Go keeps the source, once it is the one that was meant. */
function fetchSource(program: GoProgram): string | undefined {
  const answer = go(program, ['mod', 'download', '-json', `${program.module}@${program.version}`], '/');
  const { Dir, Sum } = JSON.parse(answer ?? '{}') as { readonly Dir?: string; readonly Sum?: string };
  return Sum === program.sum ? Dir : undefined;
}

/** A proxy that does not answer keeps nobody for longer. */
const patienceMs = 20 * 60_000;

/** What a go command says; undefined when there is no Go, or it fails. */
function go({ module }: GoProgram, words: readonly string[], directory: string): string | undefined {
  // Its hash stands here; the public list of hashes is not reached from everywhere.
  const env = { ...process.env, GONOSUMDB: module, GOFLAGS: '' };
  const { status, stdout } = spawnSync('go', words, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: patienceMs,
  });
  return status === 0 ? stdout : undefined;
}
