import { readWaiting } from '../../authority/index.ts';
import { requestPem } from '../../pki/index.ts';
import { checkChosenFile, forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast ca request --out FILE` */
export const word: Word = {
  define: (command) => {
    command
      .usage('[options] --out <file>')
      .description(
        'write the certificate request of the authority for its outside root: the very same while it waits for its certificate, ' +
          'later one for another certificate, to put it in before the one in use ends',
      )
      .requiredOption('--out <file>', 'where the request goes')
      .option(...forceOption)
      .addHelpText('after', '\nExample:\n  holdfast ca request --out authority.csr\n');
  },
  run: requestCa,
};

/** What `ca request` takes. */
interface RequestOptions {
  readonly out: string;
  readonly force?: boolean;
}

/** `holdfast ca request --out FILE`: the very request of before, so that a lost answer can be asked for again, or the next one. */
async function requestCa(context: Context, { out, force = false }: RequestOptions): Promise<Answer> {
  const { path: home } = await openHome(context.home);
  const file = localPath(context.workingDirectory, out);
  const chosen = { replace: force, word: '--force' };
  await checkChosenFile(file, chosen);
  const { request, subject } = (await readWaiting(home)) ?? (await askForAnother(context));
  await writeChosenFile(file, requestPem(request), { ...chosen, mode: 0o644 });
  const rows = [
    row('request', subject),
    row('file', file),
    row('next', 'have an outside root sign it; then: holdfast ca complete FILE --root ROOT'),
  ];
  return { value: { subject, file }, rows };
}

async function askForAnother(
  context: Context,
): Promise<{ readonly request: Uint8Array; readonly subject: string }> {
  const { request, subject } = await askAdmin(context, (admin) => admin.call('ca.request', {}));
  return { request: Uint8Array.from(Buffer.from(request, 'base64')), subject };
}
