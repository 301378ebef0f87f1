import type { CaBackupOptions } from '../../backing-up-authority.ts';
import type { DefineCommand } from '../../define-command.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../../word-rules.ts';

/** `holdfast ca move FILE` */
export const defineCaMove: DefineCommand = (command, start) => {
  addRules(
    command,
    exactlyOne('file', '--undo'),
    needs('--password', 'file'),
    needs('--password-file', 'file'),
    atMostOne('--password', '--password-file'),
  );
  command
    .summary('move the authority to another machine')
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
    )
    .action(async (file: string | undefined, options: CaBackupOptions & { readonly undo?: string }) => {
      const { moveAuthority, undoMoving } = await import('../../backing-up-authority.ts');
      if (options.undo !== undefined) await undoMoving(start(command), options.undo);
      else if (file !== undefined) await moveAuthority(start(command), file, options);
    });
};
