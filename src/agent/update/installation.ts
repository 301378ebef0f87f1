import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError, ownUser, programDirectory, readFileEnd } from '../../base/index.ts';
import type { ReleaseFile, ReleaseKind } from '../../enrol/index.ts';

/** Where the tools for packages are, which are not on everybody's path. */
const toolPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const tools = { env: { ...process.env, PATH: toolPath, LC_ALL: 'C.UTF-8' } };

/**
 * Finds out which program installed this one, by asking for whose its files are; undefined for a checkout.
 * What npm installed lies where npm puts packages.
 */
export async function installedAs(): Promise<ReleaseKind | undefined> {
  const file = join(programDirectory(), 'package.json');
  if (/^holdfast(?::\w+)?: /m.test(await said('dpkg-query', ['--search', file]))) return 'deb';
  if ((await said('rpm', ['--query', '--queryformat', '%{NAME}', '--file', file])) === 'holdfast')
    return 'rpm';
  return file.includes('/node_modules/holdfast/') ? 'tgz' : undefined;
}

/** What a tool answers; nothing where it is not there, or does not know. */
async function said(tool: string, words: readonly string[]): Promise<string> {
  return await promisify(execFile)(tool, words, tools).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** The file of a release for this machine. @throws HoldfastError `update_not_installable` */
export function fileForThisMachine(
  files: readonly ReleaseFile[],
  version: string,
  kind: ReleaseKind | undefined,
): ReleaseFile {
  const found = files.find(
    (file) =>
      file.kind === kind &&
      ['any', process.platform].includes(file.platform) &&
      ['any', process.arch].includes(file.architecture),
  );
  if (found !== undefined) return found;
  const offered = files.map(({ name }) => name).join(', ');
  if (kind === undefined)
    throw new HoldfastError(
      'update_not_installable',
      `${version} is published, and no package installed this program: it runs from ${programDirectory()}`,
      { hint: `install a package: ${offered}` },
    );
  throw new HoldfastError(
    'update_not_installable',
    `${version} has no ${kind} for ${process.platform} on ${process.arch}: it comes as ${offered}`,
  );
}

/** The command that installs a file, as a person would type it. */
export function installCommand(kind: ReleaseKind, path: string): readonly string[] {
  if (kind === 'tgz') return ['npm', 'install', '--global', path];
  const command = kind === 'deb' ? ['dpkg', '--install', path] : ['rpm', '--upgrade', path];
  return ownUser() === 0 ? command : ['sudo', ...command];
}

/** Whether this process may install by that command: packages are the system's. */
export function mayInstall(kind: ReleaseKind): boolean {
  return kind !== 'tgz' && ownUser() === 0;
}

const maxToldBytes = 4096;

/**
 * Installs a file that was verified, by the program that installed this one, and asks it afterwards. What the package says of itself
 * is looked at before: it has to be this program, in just this version.
 * @throws HoldfastError `update_not_installable`, `update_failed`
 */
export async function installFile(kind: 'deb' | 'rpm', path: string, version: string): Promise<void> {
  const names = await said(...askingFile(kind, path));
  if (names !== `holdfast ${version}`)
    throw new HoldfastError(
      'update_not_installable',
      `${path} says that it is ${JSON.stringify(names.slice(0, 100))}, expected holdfast ${version}`,
    );
  const command = installCommand(kind, path);
  const code = await run(command, join(dirname(path), logFile));
  const installed = await said(...askingSystem(kind));
  if (code === 0 && installed === version) return;
  const told = await readFileEnd(join(dirname(path), logFile), { maxBytes: maxToldBytes });
  throw new HoldfastError(
    'update_failed',
    `${command[0]} ended with ${code}, and ${installed || 'no version'} is installed: ${whatFailed(told.toString())}`,
    { hint: `run it yourself: ${command.join(' ')}` },
  );
}

/** The lines that speak of an error, which dpkg and rpm write before they sum up; all of a short text without one. */
function whatFailed(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /\berror\b/i.test(line));
  return (errors.length > 0 ? errors : lines.filter(Boolean)).slice(0, 3).join('; ');
}

/** What the last installation wrote, beside its file. */
const logFile = 'install.log';

function askingFile(kind: 'deb' | 'rpm', path: string): [tool: string, words: readonly string[]] {
  return kind === 'deb'
    ? ['dpkg-deb', ['--show', '--showformat', `\${Package} \${Version}`, path]]
    : ['rpm', ['--query', '--queryformat', '%{NAME} %{VERSION}', '--package', path]];
}

function askingSystem(kind: 'deb' | 'rpm'): [tool: string, words: readonly string[]] {
  return kind === 'deb'
    ? ['dpkg-query', ['--show', '--showformat', `\${Version}`, 'holdfast']]
    : ['rpm', ['--query', '--queryformat', '%{VERSION}', 'holdfast']];
}

/** Into a file, and in a session of its own, so that it goes on when this process is ended. */
async function run([tool = '', ...words]: readonly string[], log: string): Promise<number | null> {
  await using out = await open(log, 'w', 0o600);
  const child = spawn(tool, words, { ...tools, detached: true, stdio: ['ignore', out.fd, out.fd] });
  await once(child, 'close');
  return child.exitCode;
}
