import { type WordEntry } from '../word.ts';
import { words as allWords } from '../words.ts';
import type { CalledWords } from './called-words.ts';
import { takesNextWord } from './common-options.ts';

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
