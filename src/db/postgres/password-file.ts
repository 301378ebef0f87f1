import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, readChosenFile, secondMs, systemErrorCode } from '../../base/index.ts';
import type { PostgresPlace } from './place.ts';

/**
 * The password of a user: of the URL, of `PGPASSWORD`, or of the first line that fits in a file of passwords
 * (postgresql.org/docs/current/libpq-pgpass.html). Read each time that a server asks, so that it can be changed.
 *
 * @param patienceMs how long a pipe is waited for that nobody writes to
 * @throws HoldfastError `path_not_found` for a file that cannot be read, `database_refused` when there is none, `settings_invalid` when others can read the file
 */
export async function findPassword(place: PostgresPlace, patienceMs = 5 * secondMs): Promise<string> {
  const path = place.passwordFile ?? process.env['PGPASSFILE'] ?? join(homedir(), '.pgpass');
  const known =
    place.password?.reveal() ?? process.env['PGPASSWORD'] ?? (await readPassword(path, place, patienceMs));
  if (known !== undefined) return known;
  throw new HoldfastError('database_refused', `${place.name} asks for a password, and none was found`, {
    hint: `put ${place.host}:${place.port}:${place.database}:${place.user}:PASSWORD into ${path}`,
  });
}

const maxBytes = 1024 * 1024;
const hint = 'name a file of passwords as libpq has it: passfile=FILE in the URL';

async function readPassword(
  path: string,
  place: PostgresPlace,
  patienceMs: number,
): Promise<string | undefined> {
  try {
    await checkPrivate(path);
    const text = await readChosenFile(path, { maxBytes, what: 'password file', hint, patienceMs });
    return passwordIn(text.toString('utf8'), place);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function checkPrivate(path: string): Promise<void> {
  const mode = (await stat(path)).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new HoldfastError('settings_invalid', `${path} has mode ${mode.toString(8)}, expected 600`, {
    hint: `chmod 600 ${path}`,
  });
}

function passwordIn(text: string, { host, port, database, user }: PostgresPlace): string | undefined {
  const wanted = [host, String(port), database, user];
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map(fieldsOf)
    .find((fields) => wanted.every((value, index) => fields[index] === '*' || fields[index] === value))?.[4];
}

/** A colon and a backslash within a field stand behind a backslash. */
function fieldsOf(line: string): string[] {
  const unescaped = line.replaceAll(/\\(.)/g, (_, character: string) =>
    character === ':' ? '\0' : character,
  );
  return unescaped.split(':').map((field) => field.replaceAll('\0', ':'));
}
