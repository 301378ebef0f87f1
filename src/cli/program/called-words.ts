import { rawCommandLine, rawDirectory } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { WordEntry } from '../word.ts';
import { words as allWords } from '../words.ts';
import { takesNextWord } from './common-options.ts';

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
  const line = rawCommandLine();
  if (line === undefined) return words;
  const all = splitAtNul(line);
  return all.slice(all.length - words.length).map(pathText);
}

/** The directory that the program was started in, likewise. */
export function rawWorkingDirectory(directory: string): string {
  if (!directory.includes(replaced)) return directory;
  const raw = rawDirectory();
  return raw === undefined ? directory : pathText(raw);
}

function splitAtNul(line: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0, end = line.indexOf(0); end >= 0; start = end + 1, end = line.indexOf(0, start))
    parts.push(line.subarray(start, end));
  return parts;
}

/** A spelling of before, what took its place, and the commands that had it; every command when none is named. */
interface OldSpelling {
  readonly old: string;
  readonly now: string;
  readonly of?: readonly string[];
}

/** Every option that was called otherwise before, as docs/decisions/command-line.md has it. */
export const oldSpellings: readonly OldSpelling[] = [
  { old: '--keystore-passphrase-file', now: '--keystore-password-file' },
  {
    old: '--keystore-passphrase',
    now: '--keystore-password',
    of: ['init', 'up', 'ca create', 'sm_ssl_cert ca'],
  },
  {
    old: '--kit-passphrase-file',
    now: '--kit-password-file',
    of: ['init', 'up', 'ca create', 'sm_ssl_cert ca'],
  },
  { old: '--passphrase-file', now: '--kit-password-file', of: ['recover', 'ca restore', 'ca rehearse'] },
  { old: '--new-passphrase-file', now: '--new-keystore-password-file', of: ['keystore rekey'] },
  { old: '--force', now: '--early', of: ['cert renew'] },
];

/** What was said in the spelling of today, and each old one that was in it. */
export interface PresentWords {
  readonly called: CalledWords;
  readonly replaced: readonly OldSpelling[];
}

/** Puts the spelling of today in the place of old ones; what stands behind `--` is left as it is. */
export function presentWords(called: CalledWords): PresentWords {
  const { program, words } = called;
  const command = commandOf(program === 'holdfast' ? words : [program, ...words], allWords).join(' ');
  const end = words.indexOf('--');
  const replaced: OldSpelling[] = [];
  const present = words.map((word, at) => {
    const [flag = ''] = word.split('=', 1);
    const found = oldSpellings.find(({ old, of }) => old === flag && (of?.includes(command) ?? true));
    if (found === undefined || (end !== -1 && at > end)) return word;
    replaced.push(found);
    return found.now + word.slice(flag.length);
  });
  return { called: { program, words: present }, replaced };
}

/** The words of the command that is called: `ca restore`. */
function commandOf(words: readonly string[], entries: readonly WordEntry[]): string[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  const everywhere = oldSpellings.find(({ old, of }) => old === first && of === undefined);
  if (takesNextWord(everywhere?.now ?? first)) return commandOf(rest.slice(1), entries);
  if (first.startsWith('-')) return commandOf(rest, entries);
  const entry = entries.find(({ name }) => name === first);
  return entry === undefined
    ? []
    : [entry.name, ...(entry.words === undefined ? [] : commandOf(rest, entry.words))];
}
