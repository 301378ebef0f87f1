import { HoldfastError } from '../../base/index.ts';
import { withAdmin } from '../home/administering.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { type BackupProtection, backupRows, orderMove } from './backup-order.ts';

interface MoveOptions extends BackupProtection {
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
  run: moveAuthority,
};

async function moveAuthority(
  context: Context,
  file: string | undefined,
  { undo, ...options }: MoveOptions,
): Promise<Answer> {
  if (file === undefined) return await undoMoving(context, undo ?? '');
  const answer = await orderMove(context, file, options);
  const rows = [
    ...backupRows(answer),
    ...(answer.deaf ?? []).map(({ name, problem }) =>
      warning(`the log mirror ${name} was not told that the authority has moved: ${problem}`),
    ),
    row('retired', 'this authority issues and answers no longer'),
    row('next', `on the other machine: holdfast ca restore ${answer.path}`),
  ];
  return { value: answer, rows };
}

/** `holdfast ca move --undo REASON` */
async function undoMoving(context: Context, reason: string): Promise<Answer> {
  const answer = await withAdmin(context, (admin) => admin.call('ca.move-undo', { reason }));
  if (answer.standing !== 'ready')
    throw new HoldfastError(
      'authority_superseded',
      `a mirror of the log knows a newer copy of this authority, which is ${answer.standing} and issues nothing`,
      { hint: 'use the newer one, on the machine where the file was restored' },
    );
  return {
    value: answer,
    rows: [
      row('at work', 'this authority issues again'),
      ...(answer.deaf ?? []).map(({ name, problem }) =>
        warning(
          `the log mirror ${name} could not be asked whether a newer copy is at work; it stops this one as soon as it can: ${problem}`,
        ),
      ),
      warning('destroy the file it was moved into: restored, it would be a second one'),
    ],
  };
}
