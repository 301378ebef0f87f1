import type { Command } from 'commander';
import type { Context } from './program/context.ts';
import type { Answer, AnswerStream } from './terminal/answer.ts';

/** One command: what may be said after it, and what it does. It stands in the file of its path: `cert list` in `cert/list.ts`. */
export interface Word {
  /** Gives `command`, which has its name and summary, its arguments, options and help. */
  readonly define: (command: Command) => void;
  /**
   * Does what was said: `said` are its arguments, each where it was defined, and its options. What it gives is printed; a
   * server, which tells of itself while it runs, gives nothing.
   */
  readonly run: (context: Context, ...said: never[]) => Promise<Answer | AnswerStream | void>;
}

interface Named {
  readonly name: string;
  /** What it is for, in the list of the help. */
  readonly summary: string;
  /** Words of every day stand first in the help. */
  readonly everyday?: boolean;
}

/** A row of the table of words that is a command. */
export interface CommandEntry extends Named {
  readonly load: () => Promise<{ readonly word: Word }>;
  readonly words?: never;
}

/** A row with others below it. */
interface GroupEntry extends Named {
  readonly words: readonly WordEntry[];
  /** What its own help says, where that is more than its summary. */
  readonly description?: string;
}

/** A row of the table of words. */
export type WordEntry = CommandEntry | GroupEntry;
