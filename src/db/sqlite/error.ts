import { HoldfastError, systemErrorHint } from '../../base/index.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html) that are somebody's misfortune, not our bug. */
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteReadOnly = 8;
const sqliteIoError = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCannotOpen = 14;
const sqliteNotADatabase = 26;
/** The index of the log could not be made longer: the first thing that a disk without a free page is asked for. */
const sqliteNoRoomForIndex = 10 | (19 << 8);

/** Turns an error of `node:sqlite` about the database `path` into a named one; anything else is returned as it came. */
export function namedSqliteError(error: unknown, path: string): unknown {
  const extended = resultCode(error);
  if (extended === undefined) return error;
  const cause = error;
  // The low byte of an extended result code is the primary one.
  switch (extended === sqliteNoRoomForIndex ? sqliteFull : extended & 0xff) {
    case sqliteBusy:
    case sqliteLocked:
      return new HoldfastError('database_busy', `database ${path} is held by another process`, { cause });
    case sqliteFull:
      return new HoldfastError('storage_full', `no space left to record into database ${path}`, {
        hint: 'free space on that disk; nothing was changed',
        cause,
      });
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return new HoldfastError('database_damaged', `database ${path} is damaged: ${messageOf(error)}`, {
        hint: 'keep the file as it is and restore the newest backup',
        cause,
      });
    case sqliteReadOnly:
    case sqliteIoError:
    case sqliteCannotOpen:
      return new HoldfastError('storage_failed', `database ${path}: ${messageOf(error)}`, {
        hint: systemErrorHint,
        cause,
      });
    default:
      return error;
  }
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
