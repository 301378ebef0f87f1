import { readFileSync, readlinkSync } from 'node:fs';
import { pathText } from '../../files/index.ts';

/** The vendors' programs that this one can be called as, by a link of that name. */
const vendorPrograms = ['sm_ssl_cert', 'certutil', 'dsmcert'] as const;

/** What the user said. */
export interface CalledWords {
  /** The name that the program was called by, when that is a vendor's. */
  readonly program: 'holdfast' | (typeof vendorPrograms)[number];
  /** The words after it. */
  readonly words: readonly string[];
}

/**
 * The words of the command line and the program that they are for. The launcher says the name it was called by in
 * `HOLDFAST_INVOKED_AS`, which ends here: what this program starts is called by its own name.
 */
export function calledWords(words: readonly string[], environment: NodeJS.ProcessEnv): CalledWords {
  const { HOLDFAST_INVOKED_AS: name } = environment;
  delete environment.HOLDFAST_INVOKED_AS;
  return { program: vendorPrograms.find((program) => program === name) ?? 'holdfast', words };
}

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
