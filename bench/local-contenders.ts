import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltPackage } from './built-package.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import { type BenchCommand, run } from './measure.ts';
import { type Restic, resticCommand, restics } from './restic-words.ts';

/** All programs on a repository in a directory. A restic makes it for all, so that the same key opens it. */
export function localContenders(built: BuiltPackage): Contender[] {
  const all = restics();
  const ours: Contender = {
    name: 'Holdfast',
    isHoldfast: true,
    open: async (directory) => {
      const repository = await initRepository(all[0], directory);
      return localRepository(directory, (words) => built.command(directory, [...words, ...repository]));
    },
  };
  return [...all.map(onDirectory), ours];
}

function onDirectory(restic: Restic): Contender {
  return {
    name: restic.name,
    isHoldfast: false,
    open: async (directory) => {
      const repository = await initRepository(restic, directory);
      return localRepository(directory, (words) =>
        resticCommand(restic, directory, [...repository, ...words]),
      );
    },
  };
}

/** Makes an empty repository and gives the options, the same for all programs, that name it. */
async function initRepository(restic: Restic | undefined, directory: string): Promise<string[]> {
  if (restic === undefined) throw new TypeError('no restic');
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, 'a password for measuring\n');
  const options = ['--repo', join(directory, 'repository'), '--password-file', passwordFile];
  await run(resticCommand(restic, directory, [...options, 'init']));
  return options;
}

function localRepository(directory: string, command: (words: readonly string[]) => BenchCommand): Place {
  return {
    command,
    directory: join(directory, 'repository'),
    storedBytes: () => directorySize(join(directory, 'repository')),
    servers: [],
    [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
