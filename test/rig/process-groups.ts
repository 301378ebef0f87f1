import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The most source of tests, in bytes, that one process runs. */
const mostBytes = 48 * 1024;

/** Hooks outside of every suite are for all tests of a process. */
const hook = /^(?:before|after)(?:Each)?\(/m;

/**
 * The files that a run is given for `files`, whose paths count from here: those of a folder of `src` are put together, each group
 * in a file of the new `directory` that imports them, since to load what they test takes a process longer than most of them take.
 * A file with hooks for all its tests has a process of its own, and so has each in `test`, whose time is that of the programs
 * that it starts.
 */
export function inProcessGroups(files: readonly string[], directory: string): string[] {
  mkdirSync(directory);
  const folders = Map.groupBy(files, (file) => (isAlone(file) ? file : folderOf(file)));
  return [...folders].flatMap(([name, ofFolder]) =>
    groupsOf(ofFolder).map((group, at) => {
      const [first = '', ...rest] = group;
      if (rest.length === 0) return first;
      const path = join(directory, `${name.replace('/', '-')}-${at + 1}.test.ts`);
      writeFileSync(path, group.map(importOf).join(''));
      return path;
    }),
  );
}

function isAlone(file: string): boolean {
  return !file.startsWith('src/') || hook.test(readFileSync(file, 'utf8'));
}

/** `src/pki` */
function folderOf(file: string): string {
  return file.split('/').slice(0, 2).join('/');
}

function groupsOf(files: readonly string[]): string[][] {
  const groups: string[][] = [];
  let left = 0;
  for (const file of files) {
    const bytes = readFileSync(file).length;
    if (bytes > left) {
      groups.push([]);
      left = mostBytes;
    }
    groups.at(-1)?.push(file);
    left -= bytes;
  }
  return groups;
}

function importOf(file: string): string {
  return `import '${pathToFileURL(resolve(file)).href}';\n`;
}
