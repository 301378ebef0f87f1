import { fetchCrl, type OperationAnswer } from '../../admin/index.ts';
import { crlPem, parseCrl } from '../../pki/index.ts';
import { forceOption, replacingAsBefore, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin, withAdmin } from '../home/administering.ts';
import { addRules, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, line, type Row, row, table } from '../terminal/answer.ts';
import { formatTime, plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast ca crl [LABEL]` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--force', '--out'))
      .description(
        'show the revocation lists of the authority, or write one of them into a file; it knows every revocation up to now',
      )
      .argument('[label]', 'whose list: issuing-1, root-1 (default: of what issues now)')
      .option('--out <file>', 'write it into this file')
      .option(...forceOption)
      .option('--pem', 'as PEM; without --out on the standard output')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca crl\n  holdfast ca crl root-1 --out root.crl\n  holdfast ca crl --pem --force --out /etc/nginx/backup.crl\n',
      );
  },
  run: showCrl,
};

/** What `ca crl` takes. */
export interface CrlOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly pem?: boolean;
}

/** `holdfast ca crl`: all lists, or one of them to look at or for a file, which is readable for everybody. */
async function showCrl(context: Context, label: string | undefined, options: CrlOptions): Promise<Answer> {
  const { out, pem = false, force } = options;
  if (label === undefined && out === undefined && !pem) return await listCrls(context);
  const { der, view } = await withAdmin(context, (admin) => fetchCrl(admin, label));
  const revoked = parseCrl(der).revoked.size;
  const file = out === undefined ? undefined : localPath(context.workingDirectory, out);
  if (file !== undefined)
    await writeChosenFile(file, pem ? crlPem(der) : der, {
      mode: 0o644,
      ...(await replacingAsBefore(context, file, force)),
    });
  const isData = pem && file === undefined;
  const rows = isData ? [line(crlPem(der).trimEnd())] : crlRows(view, revoked, file);
  return { value: { ...view, revoked, file }, rows };
}

function* crlRows(
  { label, number, signedAt, nextUpdate }: Omit<OperationAnswer<'ca.crl'>, 'bytes' | 'piece'>,
  revoked: number,
  file: string | undefined,
): Iterable<Row> {
  yield row('list', label, `number ${number}`, plural(revoked, 'certificate'));
  yield row('signed', formatTime(new Date(signedAt)));
  yield row('next', formatTime(new Date(nextUpdate)));
  if (file !== undefined) yield row('written', file);
}

async function listCrls(context: Context): Promise<Answer> {
  const lists = await askAdmin(context, (admin) => admin.call('ca.crls', {}));
  return {
    value: lists,
    rows: [
      table(
        [
          { heading: 'Issuer' },
          { heading: 'Number', align: 'right' },
          { heading: 'Signed' },
          { heading: 'Next' },
        ],
        lists.map(({ label, number, signedAt, nextUpdate }) => [
          label,
          String(number),
          formatTime(new Date(signedAt)),
          formatTime(new Date(nextUpdate)),
        ]),
      ),
    ],
  };
}
