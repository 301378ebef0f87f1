import { migrateRecords } from '../../authority/index.ts';
import { HoldfastError, Secret } from '../../base/index.ts';
import { openHome } from '../home/home.ts';
import { addDatabase, readSettings } from '../home/settings.ts';
import { parseDatabaseUrl } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast db migrate --to URL` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'move all that is on record of the authority from the file in the home into an empty PostgreSQL database, count it there, ' +
          'and check the log against its chain and every table. From then on holdfast.toml names the database',
      )
      .requiredOption(
        '--to <url>',
        'postgres://user@host/database; the password is read from ~/.pgpass or ?passfile=FILE',
        parseDatabaseUrl,
      )
      .addHelpText(
        'after',
        '\nExample:\n  holdfast db migrate --to postgres://holdfast@db.example/holdfast\n',
      );
  },
  run: (context: Context, { to }: { readonly to: string }) => migrateDatabase(context, to),
};

/** `holdfast db migrate`: the records of this home's authority go into a database, and stay there. */
async function migrateDatabase({ home: path, clock }: Context, to: string): Promise<Answer> {
  const home = await openHome(path);
  const settings = await readSettings(home);
  if (settings === undefined)
    throw new HoldfastError('home_missing', `there is no authority in ${home.path}`, {
      hint: 'run this at the server, or name its home with --home DIR',
    });
  if (settings.database !== undefined)
    throw new HoldfastError('settings_invalid', `${home.settings} names a database already`, {
      hint: 'its records are there; moving them between two databases is the work of pg_dump and pg_restore',
    });
  const place = { kind: 'postgres', url: new Secret(to) } as const;
  const order = { home: home.path, to: place, clock, settle: () => addDatabase(home, to) };
  const { rows, head, aside } = await migrateRecords(order);
  const certificates = plural(rows['certificates'] ?? 0, 'certificate');
  return {
    value: { rows: rows, log: head, aside },
    rows: [
      row('records', certificates, `${plural(head.sequence, 'record')} of the log, in one chain`),
      row('settings', home.settings, 'names the database now'),
      row('kept', aside, 'what it was before; remove it once there is a backup'),
      row('next', 'holdfast serve   ·   holdfast ca backup FILE'),
    ],
  };
}
