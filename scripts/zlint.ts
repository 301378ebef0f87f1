import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The release of Debian whose package it is: the first to have one. It needs a libc that the release before has too. */
const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast', `zlint-${suite}`);

/** The path of zlint: the system's own, or the one that {@link fetchZlint} has put into the cache; undefined without. */
export function findZlint(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return [...directories.map((directory) => join(directory, 'zlint')), join(cache, 'usr/bin/zlint')].find(
    (path) => existsSync(path),
  );
}

/**
 * Fetches the package `zlint` from the mirror that this system's packages come from, verified by apt, and unpacks it into
 * the user's cache: nothing is installed, and the system's sources stay as they are. Returns whether it is there now.
 */
export function fetchZlint(): boolean {
  const work = mkdtempSync(join(tmpdir(), 'holdfast-zlint-'));
  try {
    const mirror = debianMirror() ?? freshDebianMirror(work);
    if (mirror === undefined) return false;
    const options = aptOptions(work, mirror);
    return (
      run(work, 'apt-get', ...options, 'update') &&
      run(work, 'apt-get', ...options, 'download', 'zlint') &&
      run(work, 'sh', '-c', 'dpkg-deb --extract zlint_*.deb unpacked') &&
      keep(join(work, 'unpacked'))
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where the main packages of this system come from, by its lists; undefined when it has none yet. */
export function debianMirror(options: readonly string[] = []): string | undefined {
  const words = ['Identifier: Packages', 'Label: Debian', 'Component: main', '--format', '$(REPO_URI)'];
  const { stdout } = spawnSync('apt-get', [...options, 'indextargets', ...words], { encoding: 'utf8' });
  return stdout?.split('\n')[0] || undefined;
}

/** The same by lists that are fetched for it alone. */
function freshDebianMirror(work: string): string | undefined {
  mkdirSync(join(work, 'system/partial'), { recursive: true });
  const options = ['--quiet', '-o', `Dir::State::Lists=${join(work, 'system')}`, '-o', 'APT::Sandbox::User='];
  // A source that cannot be reached need not be the one that counts.
  run(work, 'apt-get', ...options, 'update');
  return debianMirror(options);
}

/** Sources, lists and archives of its own below `work`. */
function aptOptions(work: string, mirror: string): string[] {
  for (const directory of ['lists/partial', 'archives/partial', 'parts']) {
    mkdirSync(join(work, directory), { recursive: true });
  }
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  const settings = [
    `Dir::Etc::SourceList=${join(work, 'sources.list')}`,
    `Dir::Etc::SourceParts=${join(work, 'parts')}`,
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Cache=${work}`,
    `Dir::Cache::Archives=${join(work, 'archives')}`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    // The directory is this user's alone.
    'APT::Sandbox::User=',
  ];
  return ['--quiet', ...settings.flatMap((setting) => ['-o', setting])];
}

function keep(unpacked: string): boolean {
  if (!existsSync(join(unpacked, 'usr/bin/zlint'))) return false;
  mkdirSync(join(cache, '..'), { recursive: true });
  rmSync(cache, { recursive: true, force: true });
  const beside = `${cache}.new-${process.pid}`;
  if (!run('/', 'cp', '-r', unpacked, beside)) return false;
  renameSync(beside, cache);
  return true;
}

function run(directory: string, program: string, ...words: string[]): boolean {
  const { status } = spawnSync(program, words, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0;
}
