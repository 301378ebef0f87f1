import {
  allKeys,
  attemptState,
  type BackupRecord,
  missedWords,
  type NodeState,
  readBackupRecords,
  serverPlace,
} from '../../agent/index.ts';
import { type Clock, dayMs, isHoldfastError } from '../../base/index.ts';
import { type StoredSnapshot, snapshotTime } from '../../repository/index.ts';
import { Keystore } from '../../trust/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatAge, formatBytes, formatTime, plural } from '../terminal/format.ts';
import type { Output } from '../terminal/output.ts';

/** After so long without a backup, somebody should hear of it. */
const staleAfterMs = 7 * dayMs;

/** What is known of the backups of this machine. */
export interface BackupHistory {
  readonly records: readonly BackupRecord[];
  /** What wants doing, each with the next step. */
  readonly warnings: readonly string[];
}

/**
 * How the backups of the machine with this home stand, by what is kept there. A `client` that has none anywhere is warned; a
 * server without a client, or a person, has nothing to back up.
 */
export async function backupHistory(
  { clock }: Context,
  home: Home,
  client: NodeState | undefined,
): Promise<BackupHistory> {
  try {
    const records = withEarlier(await readBackupRecords(home.node), client);
    return { records, warnings: warningsOf(records, client, clock.now()) };
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    return { records: [], warnings: [`${error.message}: ${error.hint}`] };
  }
}

/** Rows of `status`: each place, its newest backup, and what came of the newest attempt where that is not the same. */
export function* backupRows({ clock }: Context, { records }: BackupHistory): Iterable<Row> {
  for (const { place, attempt, success } of records) {
    const where = place === serverPlace ? [] : [`to ${place}`];
    if (success !== undefined) {
      const age = formatAge(clock.now() - Date.parse(success.time));
      const size = [plural(success.files, 'file'), formatBytes(success.bytes)];
      yield row(
        'backup',
        formatTime(new Date(success.time)),
        age,
        ...size,
        success.snapshot.slice(0, 8),
        ...where,
      );
    }
    const state = attemptState(attempt);
    if (state === 'done') continue;
    yield row(
      'attempt',
      formatTime(new Date(attempt.begun)),
      said[state],
      attempt.outcome?.code ?? '',
      ...where,
    );
  }
}

const said = { failed: 'failed', running: 'goes on', 'cut off': 'did not end' } as const;

/** The history as `--json` shows it. */
export function backupHistoryJson({ records }: BackupHistory): unknown {
  return records.map(({ place, attempt, success }) => {
    const { begun, outcome } = attempt;
    return { place, attempt: { begun, state: attemptState(attempt), ...outcome }, success };
  });
}

/** Until there were records, a node knew its newest backup alone. */
function withEarlier(
  records: readonly BackupRecord[],
  client: NodeState | undefined,
): readonly BackupRecord[] {
  const { lastBackup } = client ?? {};
  const own = records.find(({ place }) => place === serverPlace);
  if (lastBackup === undefined || own?.success !== undefined) return records;
  const { time } = lastBackup;
  const attempt = own?.attempt ?? { begun: time, outcome: { ended: time, code: 'done' } };
  const known = { place: serverPlace, attempt, success: { ...lastBackup, unreadable: 0 } };
  return [known, ...records.filter((record) => record !== own)];
}

function warningsOf(
  records: readonly BackupRecord[],
  client: NodeState | undefined,
  nowMs: number,
): string[] {
  const newest = newestSuccess(records);
  return [
    ...records.flatMap((record) => [...attemptWarnings(record, newest), ...unreadableWarnings(record)]),
    ...ageWarnings(newest, client, nowMs),
  ];
}

/** The moment of the newest backup anywhere, in ISO 8601. */
function newestSuccess(records: readonly BackupRecord[]): string | undefined {
  return records
    .flatMap(({ success }) => success?.time ?? [])
    .sort()
    .at(-1);
}

/** A place elsewhere that never took a backup is said until there is one after it: a name was mistyped there, say. */
function attemptWarnings({ place, attempt, success }: BackupRecord, newest: string | undefined): string[] {
  const { begun, outcome } = attempt;
  const madeSince = newest !== undefined && newest > begun;
  if (place !== serverPlace && success === undefined && madeSince) return [];
  const which = `the backup of ${formatTime(new Date(begun))}${placeWords(place)}`;
  const state = attemptState(attempt);
  if (state === 'failed')
    return [`${which} failed: ${outcome?.message} [${outcome?.code}]; next: ${outcome?.hint}`];
  return state === 'cut off' ? [`${which} did not end: ${again(place)} goes on from what is stored`] : [];
}

function unreadableWarnings({ place, success }: BackupRecord): string[] {
  if (success === undefined || success.unreadable === 0) return [];
  const what = plural(success.unreadable, 'file');
  return [`${what} could not be read in the newest backup${placeWords(place)}: ${again(place)} names them`];
}

function ageWarnings(newest: string | undefined, client: NodeState | undefined, nowMs: number): string[] {
  if (newest === undefined) {
    const expected = client?.role === 'client';
    return expected ? [`nothing of this machine is backed up yet: ${again(serverPlace)}`] : [];
  }
  const ageMs = nowMs - Date.parse(newest);
  return ageMs > staleAfterMs
    ? [`the newest backup is ${plural(Math.floor(ageMs / dayMs), 'day')} old: ${again(serverPlace)}`]
    : [];
}

function placeWords(place: string): string {
  return place === serverPlace ? '' : ` to ${place}`;
}

function again(place: string): string {
  return place === serverPlace ? 'holdfast backup PATH' : `holdfast backup PATH --repo ${place}`;
}

/** So long it is said that a snapshot of this machine was not there any more. */
const saidForMs = 30 * dayMs;

/** What `status` says of snapshots that this machine made and did not find again, each a sentence with the next step. */
export async function missedSnapshots({ clock }: Context, home: Home): Promise<string[]> {
  if (!(await Keystore.exists(home.node))) return [];
  try {
    return allKeys(await Keystore.open(home.node)).flatMap(({ place, missed }) => {
      if (missed === undefined || clock.now() - Date.parse(missed.seen) > saidForMs) return [];
      return [`${missedWords(place, missed)}: holdfast snapshots lists what is there`];
    });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [`the keys of repositories cannot be read: ${error.message}: ${error.hint ?? error.code}`];
  }
}

/** Names a snapshot whose time cannot be right, and says what is made of it. */
export function warnOfFuture({ output }: { readonly output: Output }, snapshot: StoredSnapshot): void {
  const { id, hostname = 'its machine', arrivedMs } = snapshot;
  const said = `snapshot ${id.slice(0, 8)} says ${formatTime(snapshotTime(snapshot))}`;
  const clock = `the clock of ${hostname} was ahead`;
  output.warn(
    arrivedMs === undefined
      ? `${said}, which is yet to come: ${clock}, and it is never the latest; name it by its id`
      : `${said} and arrived ${formatTime(new Date(arrivedMs))}: ${clock}, and it counts from when it arrived`,
  );
}

/**
 * Names to who backs up a snapshot that is yet to come where nobody knows when it arrived: then this clock may be the wrong
 * one, and nobody will be able to tell later.
 */
export function warnOfOwnClock(
  { output, clock }: { readonly output: Output; readonly clock: Clock },
  snapshot: StoredSnapshot,
): void {
  const { id, hostname = 'its machine', arrivedMs } = snapshot;
  if (arrivedMs !== undefined) return;
  output.warn(
    `snapshot ${id.slice(0, 8)} of ${hostname} says ${formatTime(snapshotTime(snapshot))}, this machine ${formatTime(new Date(clock.now()))}: ` +
      'one of the two clocks is wrong; if it is this one, set it and back up again, or this backup may count as older than it is',
  );
}
