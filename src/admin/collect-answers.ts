import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { asBuffer, type Bytes, concatBytes, HoldfastError } from '../base/index.ts';
import type { AdminClient } from './call.ts';
import type { OperationAnswer, OperationInput } from './operations.ts';

/** How much of a list is asked for at a time, which every one gives. */
const pageSize = 1000;

/**
 * Everything that a list has, at most `limit`, a page at a time: no server has to hold more than one. `ask` gives so many
 * of those that come after one, or the first. @throws HoldfastError `answer_malformed` for a list that goes round
 */
export async function collectPages<T>(
  ask: (page: { readonly after: T | undefined; readonly limit: number }) => Promise<readonly T[]>,
  limit = Infinity,
): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const wanted = Math.min(pageSize, limit - all.length);
    const page = await ask({ after: all.at(-1), limit: wanted });
    if (page.length > 0 && isDeepStrictEqual(page.at(-1), all.at(-1))) throw goesRound();
    all.push(...page);
    if (page.length < wanted || all.length >= limit) return all;
  }
}

/** The newest records of the log that `filter` lets through, at most `limit`. @throws HoldfastError `answer_malformed` for a list that goes round */
export async function newestRecords(
  admin: AdminClient,
  filter: Omit<OperationInput<'audit.list'>, 'before' | 'limit'>,
  limit: number,
): Promise<OperationAnswer<'audit.list'>['records'][number][]> {
  const records: OperationAnswer<'audit.list'>['records'][number][] = [];
  let before: number | undefined;
  do {
    const page = await admin.call('audit.list', {
      ...filter,
      before,
      limit: Math.min(pageSize, limit - records.length),
    });
    records.push(...page.records);
    const next = page.next ?? undefined;
    if (next !== undefined && before !== undefined && next >= before) throw goesRound();
    before = next;
  } while (before !== undefined && records.length < limit);
  return records;
}

/** Every record of the log as its line, some at a time, from the first on. */
export async function* logLines(admin: AdminClient, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const { lines } = await admin.call('audit.export', { after, limit: pageSize });
    if (lines.length === 0) return;
    yield lines;
    after += lines.length;
  }
}

/** A list is signed anew every some hours: that one comes to its end is a matter of two tries. */
const maxCrlTries = 10;

/** A revocation list, a piece at a time; another one when that was signed meanwhile. @throws HoldfastError `answer_malformed` */
export async function fetchCrl(admin: AdminClient, label: string | undefined) {
  for (let tries = 0; tries < maxCrlTries; tries++) {
    const first = await admin.call('ca.crl', { label });
    const der = await fetchWhole(admin, first);
    const { bytes: _bytes, piece: _piece, ...view } = first;
    if (der !== undefined) return { der, view };
  }
  throw new HoldfastError('answer_malformed', `the server began another list ${maxCrlTries} times in a row`, {
    hint: 'use the same version here and at the server',
  });
}

/** The list that begins with `first`; undefined when it is not the newest any more. */
async function fetchWhole(
  admin: AdminClient,
  { label, number, bytes, piece }: OperationAnswer<'ca.crl'>,
): Promise<Bytes | undefined> {
  const pieces = [bytesIn(piece)];
  for (let offset = lengthOf(pieces); offset < bytes; offset = lengthOf(pieces)) {
    const next = await admin.call('ca.crl', { label, offset });
    if (next.number !== number) return undefined;
    pieces.push(bytesIn(next.piece));
  }
  return concatBytes(...pieces);
}

/** The bytes of a piece, at least one. @throws HoldfastError `answer_malformed`: whoever sends none would be asked for ever */
function bytesIn(piece: string): Bytes {
  const bytes = Buffer.from(piece, 'base64');
  if (bytes.length > 0) return bytes;
  throw new HoldfastError('answer_malformed', 'the server answers with a piece that has no bytes', {
    hint: 'use the same version here and at the server',
  });
}

function lengthOf(pieces: readonly Bytes[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Has `write` put a backup that was made into the file at `path`, piece by piece, and the backup on record once it is there;
 * what cannot be written is dropped. @throws HoldfastError `backup_damaged`
 */
export async function fetchBackup(
  admin: AdminClient,
  made: OperationAnswer<'ca.backup'>,
  { path, write }: { readonly path: string; readonly write: (pieces: AsyncIterable<Bytes>) => Promise<void> },
): Promise<OperationAnswer<'ca.backup-keep'>> {
  const { id } = made;
  try {
    await write(backupPieces(admin, made));
  } catch (error) {
    // Where this does not reach the server it drops the file by itself; why it came to that is what counts.
    await admin.call('ca.backup-drop', { id }).catch(() => {});
    throw error;
  }
  return await admin.call('ca.backup-keep', { id, path });
}

async function* backupPieces(
  admin: AdminClient,
  { id, bytes, sha256 }: OperationAnswer<'ca.backup'>,
): AsyncGenerator<Bytes> {
  const sum = createHash('sha256');
  for (let offset = 0; offset < bytes; ) {
    const { piece } = await admin.call('ca.backup-piece', { id, offset });
    const some = bytesIn(piece);
    sum.update(some);
    offset += some.length;
    yield some;
  }
  if (sum.digest('hex') === sha256) return;
  throw new HoldfastError('backup_damaged', 'the backup that came is not the one that was made', {
    hint: 'nothing was kept; run it again',
  });
}

/** Brings a file to be rehearsed, piece by piece, as far as it is of use; gives its handle. */
export async function bringBackup(admin: AdminClient, pieces: AsyncIterable<Bytes>): Promise<string> {
  let { id, wantsMore } = await admin.call('ca.rehearsal-piece', { piece: '' });
  for await (const some of pieces) {
    const piece = asBuffer(some).toString('base64');
    ({ id, wantsMore } = await admin.call('ca.rehearsal-piece', { id, piece }));
    if (!wantsMore) break;
  }
  return id;
}

/** Brings a file that is to be published, piece by piece; gives its handle. */
export async function bringReleaseFile(admin: AdminClient, pieces: AsyncIterable<Bytes>): Promise<string> {
  let { id } = await admin.call('release.piece', { piece: '' });
  for await (const some of pieces)
    ({ id } = await admin.call('release.piece', { id, piece: asBuffer(some).toString('base64') }));
  return id;
}

function goesRound(): HoldfastError {
  return new HoldfastError('answer_malformed', 'the server answers with the same page of a list again', {
    hint: 'use the same version here and at the server',
  });
}
