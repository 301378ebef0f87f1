import { readChosenFile } from '../../base/index.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { givenPassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast ca online FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('bring the key of the root back for what only it can sign')
      .argument('<file>', 'the file that ca offline wrote')
      .option('--password-file <file>', 'its password is in this file; asked for on a terminal unless said')
      .addHelpText('after', '\nExample:\n  holdfast ca online /media/safe/root.key.age\n');
  },
  run: bringRootOnline,
};

/** `holdfast ca online`: the key of the root is back until `ca offline` takes it away again. */
async function bringRootOnline(
  context: Context,
  file: string,
  { passwordFile }: { readonly passwordFile?: string },
): Promise<Answer> {
  const path = localPath(context.workingDirectory, file);
  const sealed = (await read(path)).toString('base64');
  const password = await givenPassword(context, passwordFile, `password of ${path}`);
  const answer = await withAdmin(context, (admin) =>
    admin.call('ca.online', { passphrase: password.reveal(), sealed }),
  );
  return {
    value: answer,
    rows: [
      row('root', 'its key is here'),
      row('next', 'do what needs it, then take it away again: holdfast ca offline FILE'),
    ],
  };
}

const maxFileBytes = 48 * 1024;

async function read(path: string): Promise<Buffer> {
  const hint = 'nothing was changed; name what holdfast ca offline FILE wrote';
  return await readChosenFile(path, { maxBytes: maxFileBytes, hint, tooLong: 'backup_foreign' });
}
