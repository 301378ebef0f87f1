import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltPackage } from './built-package.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import { type BenchCommand, run } from './measure.ts';
import { resticCommand } from './restic-words.ts';

/** Both programs on a repository in a directory. restic makes it for both, so that the same key opens it. */
export function localContenders(built: BuiltPackage): Contender[] {
  return [
    {
      name: 'restic',
      isHoldfast: false,
      open: async (directory) => {
        const repository = await initRepository(directory);
        return localPlace(directory, (words) => resticCommand(directory, repository, words));
      },
    },
    {
      name: 'Holdfast',
      isHoldfast: true,
      open: async (directory) => {
        const repository = await initRepository(directory);
        return localPlace(directory, (words) => built.command(directory, [...words, ...repository]));
      },
    },
  ];
}

/** Makes an empty repository and gives the options, the same for both programs, that name it. */
async function initRepository(directory: string): Promise<string[]> {
  const passwordFile = join(directory, 'password');
  writeFileSync(passwordFile, 'a password for measuring\n');
  const options = ['--repo', join(directory, 'repository'), '--password-file', passwordFile];
  await run(resticCommand(directory, options, ['init']));
  return options;
}

function localPlace(directory: string, command: (words: readonly string[]) => BenchCommand): Place {
  return {
    backup: (paths) => command(['backup', ...paths]),
    restore: (target) => command(['restore', 'latest', '--target', target]),
    storedBytes: () => directorySize(join(directory, 'repository')),
    servers: [],
    [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
  };
}
