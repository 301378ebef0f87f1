import { parseCertutil } from '../compat/index.ts';
import { backUpKeys } from './ca/backup-order.ts';
import type { RestoreChoices } from './ca/restoring.ts';
import type { Context } from './program/context.ts';
import { type Answer } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast certutil -backup|-restore PASSWORD FILE`, and `certutil …` by a link of that name. */
export const word: Word = {
  define: (command) => {
    command
      .description("back the authority's keys and certificates up as PKCS#12, or make an authority from them")
      .usage('[-f] -backup|-restore <password> <file>')
      // The words are the vendor's: options with a single hyphen, which `compat` reads.
      .allowUnknownOption()
      .argument('[words...]')
      .option(
        '--mirror <place...>',
        'with -restore: where the log is, which knows what was issued and revoked',
      )
      .option('--re-enrol', 'with -restore: accept no certificate of before; every machine joins again')
      .option('--trust-issued', 'with -restore: accept certificates of before that are valid')
      .addHelpText('after', help);
  },
  run: certutil,
};

const help = `
A file that is there is replaced when -f is said, by -backup alone.

Examples:
  certutil -backup Pswd /backup/certfile
  certutil -f -backup Pswd /backup/certfile
  certutil -restore Pswd /backup/certfile
`;

/** `certutil -backup PASSWORD FILE`, `certutil -restore PASSWORD FILE`. */
async function certutil(
  context: Context,
  words: readonly string[],
  options: Pick<RestoreChoices, 'reEnrol' | 'trustIssued' | 'mirror'>,
): Promise<Answer> {
  const { action, password, file, force } = parseCertutil(words);
  context.output.warn(
    'a password on the command line can be seen by others on this machine and stays in the history',
  );
  if (action === 'backup') return await backUpKeys(context, { file, password, replace: force, word: '-f' });
  const { restoreKeys } = await import('./ca/restoring.ts');
  return await restoreKeys(context, { file, password, ...options });
}
