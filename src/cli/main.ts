import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

keepCompiledCode(process.env);
void start();

/** Not awaited here, where the modules of the package cannot: an end before its own is a failure all the same. */
async function start(): Promise<void> {
  process.once('exit', failUnended);
  const { calledWords, rawWords } = await import('./program/called-words.ts');
  const { run } = await import('./run.ts');
  const code = await run(calledWords(rawWords(process.argv.slice(2)), process.env), process.env);
  process.off('exit', failUnended);
  // Output that is lost while it is flushed sets it too, later.
  process.exitCode ||= code;
}

/** Nothing is left to wait for, and the command has not come to its end: 13, as Node has it for a module. */
function failUnended(): void {
  process.exitCode ||= 13;
}

/**
 * Keeps compiled code between runs, in this user's cache directory. What is read back there is run: it is used only
 * where nobody but this user and root can write, all the way up, and elsewhere nothing is kept. Imports nothing of ours,
 * since whatever it imports is compiled anew each time.
 */
function keepCompiledCode(environment: NodeJS.ProcessEnv): void {
  try {
    const directory = ownPlace(cachePath(environment));
    if (directory !== undefined) enableCompileCache(directory);
  } catch {
    // An account without a home directory, a full disk: slower, and no reason to end.
  }
}

function cachePath(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast', 'compiled');
}

/** The real path of a directory, made where it is missing, or undefined where somebody else could write. */
function ownPlace(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    if (dirname(path) === path || ownPlace(dirname(path)) === undefined) return undefined;
    mkdirSync(path, { mode: 0o700 });
  }
  const real = realpathSync(path);
  return isOwn(real, 0o022) && areOwn(dirname(real)) ? real : undefined;
}

/** In a directory above, the sticky bit keeps others from what is not theirs (inode(7)). */
function areOwn(path: string): boolean {
  const isSticky = (lstatSync(path).mode & 0o1000) !== 0;
  return isOwn(path, isSticky ? 0 : 0o022) && (dirname(path) === path || areOwn(dirname(path)));
}

function isOwn(path: string, forbidden: number): boolean {
  const { uid, mode } = lstatSync(path);
  return (uid === 0 || uid === process.getuid?.()) && (mode & forbidden) === 0;
}
