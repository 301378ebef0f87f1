import { dayMs } from '../../base/index.ts';
import type { ClientDayRow } from '../records/index.ts';

/** What can be noticed of a client without any key. */
export type AlarmName =
  | 'removals'
  | 'refused removals'
  | 'snapshot burst'
  | 'key added'
  | 'lost deduplication'
  | 'silent';

/** What alarms are seen in. */
export interface Behaviour {
  /** The days with anything in them, in their order. */
  readonly days: readonly ClientDayRow[];
  /** Bytes that are stored, and that rest in the trash. */
  readonly heldBytes: number;
  readonly nowMs: number;
}

/** How far back what is usual is looked for. */
const usualMs = 30 * dayMs;
/** How long an alarm stays after the day that it is about, so that a night does not hide it. */
const shownMs = 2 * dayMs;

/** How far back days have to be known. */
export const knownDaysMs: number = usualMs + shownMs + dayMs;

/** What of a client is not as usual, with what was found. */
export function alarmsIn(behaviour: Behaviour): ReadonlyMap<AlarmName, string> {
  const { days, heldBytes, nowMs } = behaviour;
  const found = new Map<AlarmName, string>();
  for (const today of days.filter(({ day }) => day > nowMs - dayMs - shownMs)) {
    const before = days.filter(({ day }) => day < today.day && day >= today.day - usualMs);
    for (const [alarm, look] of Object.entries(rules)) {
      const sentence = look({ today, before, heldBytes });
      if (sentence !== undefined) found.set(alarm as AlarmName, `${dateOf(today.day)}: ${sentence}`);
    }
  }
  const silence = silenceOf(behaviour);
  if (silence !== undefined) found.set('silent', silence);
  return found;
}

/** One day, those before it, and what is held. */
interface Seen {
  readonly today: ClientDayRow;
  readonly before: readonly ClientDayRow[];
  readonly heldBytes: number;
}

/** What says of a day that it is not as usual. */
const rules: Readonly<Record<Exclude<AlarmName, 'silent'>, (seen: Seen) => string | undefined>> = {
  removals: removalsIn,
  'refused removals': ({ today: { refused } }) =>
    refused > 0 ? `${refused} removals were refused` : undefined,
  'snapshot burst': burstIn,
  'key added': ({ today: { keys }, before }) =>
    keys > 0 && before.length > 0 ? `${keys} keys were added to a repository that was there` : undefined,
  'lost deduplication': lostIn,
};

/** So few snapshots, or objects, are nothing to speak of. */
const fewSnapshots = 24;
const fewObjects = 10;

/** Much more than a prune takes: a tenth of all, and three times what is usual; or snapshots so. */
function removalsIn({ today, before, heldBytes }: Seen): string | undefined {
  const { removed_bytes: bytes, removed_objects: objects, removed_snapshots: snapshots } = today;
  const isMuch =
    objects > fewObjects && bytes > heldBytes / 10 && bytes > 3 * usual(before, (row) => row.removed_bytes);
  const isMany = snapshots > Math.max(fewObjects, 3 * usual(before, (row) => row.removed_snapshots));
  return isMuch || isMany ? `${snapshots} snapshots and ${objects} objects in all were removed` : undefined;
}

function burstIn({ today: { snapshots }, before }: Seen): string | undefined {
  const most = Math.max(fewSnapshots, 4 * usual(before, (row) => row.snapshots));
  return snapshots > most ? `${snapshots} snapshots came` : undefined;
}

/** Less is not worth looking at. */
const minLostBytes = 16 * 1024 ** 2;
/** Of fewer days nothing is usual yet. */
const minDays = 3;

/** Files that were encrypted, or junk, are new to the last byte. */
function lostIn({ today, before, heldBytes }: Seen): string | undefined {
  const { added_bytes: added } = today;
  if (added < minLostBytes || before.length < minDays) return undefined;
  const isMuch = added > (heldBytes - added) / 4 && perSnapshot(today) > 5 * usual(before, perSnapshot);
  return isMuch ? `${Math.round(added / 1e6)} MB came, many times what is usual` : undefined;
}

function perSnapshot({ added_bytes, snapshots }: ClientDayRow): number {
  return added_bytes / Math.max(1, snapshots);
}

const minSilentMs = 2 * dayMs;

/** Three times as long as between its snapshots otherwise. */
function silenceOf({ days, nowMs }: Behaviour): string | undefined {
  const backups = days.filter(({ snapshots }) => snapshots > 0);
  const [first, last] = [backups.at(0), backups.at(-1)];
  if (first === undefined || last === undefined || backups.length < minDays) return undefined;
  const everyMs = (last.day - first.day) / (backups.length - 1);
  // Anywhere in its day.
  const silentMs = nowMs - last.day - dayMs;
  return silentMs > Math.max(minSilentMs, 3 * everyMs)
    ? `its last snapshot came ${dateOf(last.day)}`
    : undefined;
}

/** The middle one of the days on which it is not nothing. */
function usual(days: readonly ClientDayRow[], valueOf: (row: ClientDayRow) => number): number {
  const values = days.map(valueOf).filter((value) => value > 0);
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function dateOf(day: number): string {
  return new Date(day).toISOString().slice(0, '2026-11-21'.length);
}
