import { globSync } from 'node:fs';
import { HoldfastError, readChosenFile } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import { localPath, type NamedPaths, namedPaths } from '../files/local-path.ts';
import type { Context } from '../program/context.ts';

/** Files that say what is to be saved. */
export interface SourceFiles {
  readonly filesFrom?: readonly string[];
  readonly filesFromVerbatim?: readonly string[];
  readonly filesFromRaw?: readonly string[];
}

/**
 * What is to be saved: the paths that are said, and those of every file that is, as `namedPaths`.
 * @throws HoldfastError `usage` when there are none at all
 */
export async function readSources(
  context: Context,
  words: readonly string[],
  files: SourceFiles,
): Promise<NamedPaths> {
  const all = [...words];
  for (const file of files.filesFrom ?? []) all.push(...patternLines(context, await read(context, file)));
  for (const file of files.filesFromVerbatim ?? [])
    all.push(...filled((await read(context, file)).split('\n')));
  for (const file of files.filesFromRaw ?? []) all.push(...filled((await read(context, file)).split('\0')));
  if (all.length > 0) return namedPaths(context, all);
  throw new HoldfastError('usage', 'nothing is named that is to be saved', {
    hint: 'name files and folders: holdfast backup PATH, or a file with them: holdfast backup --files-from FILE',
  });
}

const maxFileBytes = 64 * 1024 * 1024;

async function read(context: Context, file: string): Promise<string> {
  const hint = 'name a file with paths that is there and can be read';
  const path = file === '-' ? '/dev/stdin' : localPath(context.workingDirectory, file);
  return pathText(await readChosenFile(path, { maxBytes: maxFileBytes, hint }));
}

function filled(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== '');
}

/** What patterns mean here, as a shell would read them: blank lines and those that start with `#` say nothing. */
function patternLines(context: Context, text: string): string[] {
  const lines = filled(text.split(/\r?\n/).map((line) => line.trim()));
  return lines
    .filter((line) => !line.startsWith('#'))
    .flatMap((pattern) => {
      if (!/[*?[\\]/.test(pattern)) return [pattern];
      const found = globSync(pattern, { cwd: context.workingDirectory }).toSorted();
      if (found.length === 0)
        context.output.warn(`nothing is called ${pattern}; what else was named is saved`);
      return found;
    });
}
