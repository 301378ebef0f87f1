import { migrateRecords } from '../authority/index.ts';
import { HoldfastError, Secret } from '../base/index.ts';
import type { Context } from './context.ts';
import { plural } from './format.ts';
import { openHome } from './home.ts';
import { addDatabase, readSettings } from './settings.ts';

/** `holdfast db migrate`: the records of this home's authority go into a database, and stay there. */
export async function migrateDatabase({ home: path, clock, output }: Context, to: string): Promise<void> {
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
  if (output.json) return output.value({ rows: rows, log: head, aside });
  const certificates = plural(rows['certificates'] ?? 0, 'certificate');
  output.row('records', certificates, `${plural(head.sequence, 'record')} of the log, in one chain`);
  output.row('settings', home.settings, 'names the database now');
  output.row('kept', aside, 'what it was before; remove it once there is a backup');
  output.row('next', 'holdfast serve   ·   holdfast ca backup FILE');
}
