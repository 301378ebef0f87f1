import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import type { Word } from '../word.ts';
import { type CaBackupOptions, moveAuthority, undoMoving } from './backing-up-authority.ts';

interface MoveOptions extends CaBackupOptions {
  readonly undo?: string;
}

/** `holdfast ca move FILE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('file', '--undo'),
      needs('--password', 'file'),
      needs('--password-file', 'file'),
      atMostOne('--password', '--password-file'),
    );
    command
      .description(
        'move the authority to another machine: it retires here, and the file with all of it goes on there with ca restore',
      )
      .argument('[file]', 'the file; one that is there is not replaced')
      .option('--password', 'a password opens it, asked for on a terminal; the recovery kit unless said')
      .option('--password-file <file>', 'a password opens it, which is in this file')
      .option('--undo <reason>', 'the authority that was moved away goes on here, and why')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca move /media/stick/authority.age\n  holdfast ca move --undo "the new machine never came"\n',
      );
  },
  run: async (context: Context, file: string | undefined, options: MoveOptions) => {
    if (options.undo !== undefined) await undoMoving(context, options.undo);
    else if (file !== undefined) await moveAuthority(context, file, options);
  },
};
