import { readFileSync, readlinkSync } from 'node:fs';
import { pathText } from '../../files/index.ts';

/** What Node puts in the place of bytes that are not UTF-8. */
const replaced = '\ufffd';

/**
 * The words of the command line without loss: bytes that are not UTF-8 are shown as `pathText` does, so that a file of any name
 * can be named. Where the system does not tell them, the words stay as Node has them.
 */
export function rawWords(words: readonly string[]): readonly string[] {
  if (!words.some((word) => word.includes(replaced))) return words;
  const line = told(() => readFileSync('/proc/self/cmdline'));
  if (line === undefined) return words;
  const all = splitAtNul(line);
  return all.slice(all.length - words.length).map(pathText);
}

/** The directory that the program was started in, likewise. */
export function rawWorkingDirectory(directory: string): string {
  if (!directory.includes(replaced)) return directory;
  const raw = told(() => readlinkSync('/proc/self/cwd', { encoding: 'buffer' }));
  return raw === undefined ? directory : pathText(raw);
}

function told(read: () => Buffer): Buffer | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function splitAtNul(line: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0, end = line.indexOf(0); end >= 0; start = end + 1, end = line.indexOf(0, start))
    parts.push(line.subarray(start, end));
  return parts;
}
