import type { ScheduleRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** What the log says of one schedule. */
interface LoggedSchedule {
  readonly added: RecordNamed<'schedule added'>;
  ranAt: string | undefined;
}

/** Schedules: those that were added and not removed, as they were added, with their last run, and no others. */
export function scheduleClaims(): Claims {
  const logged = new Map<string, LoggedSchedule>();
  return {
    note(record) {
      if (record.kind === 'schedule added')
        logged.set(record.details.schedule, { added: record, ranAt: undefined });
      if (record.kind === 'schedule removed') logged.delete(record.details.schedule);
      if (record.kind !== 'schedule run') return;
      const schedule = logged.get(record.details.schedule);
      if (schedule !== undefined) schedule.ranAt = record.at;
    },
    async compare(records) {
      const rows = new Map((await records.schedules.all()).map((row) => [row.name, row]));
      const names = new Set([...logged.keys(), ...rows.keys()]);
      return [...names].flatMap((name) => problemOf(name, logged.get(name), rows.get(name)) ?? []);
    },
  };
}

function problemOf(
  name: string,
  logged: LoggedSchedule | undefined,
  row: ScheduleRow | undefined,
): string | undefined {
  if (logged === undefined)
    return `the schedule ${name} is on record, and the log does not say that it was added`;
  const { sequence, by, details } = logged.added;
  if (row === undefined) return `the schedule ${name} (record ${sequence}) is not on record`;
  const isSame =
    JSON.stringify(details.order) === row.job_order &&
    JSON.stringify(details.nodes ?? null) === (row.nodes ?? 'null') &&
    details.every === row.every &&
    details.zone === row.zone &&
    details.lifetime === row.lifetime &&
    by === row.added_by;
  if (!isSame) return `the schedule ${name} is another one on record than record ${sequence} says`;
  const ranMs = logged.ranAt === undefined ? null : Date.parse(logged.ranAt);
  return ranMs === row.last_at
    ? undefined
    : `the schedule ${name} ran at another moment on record than the log says`;
}
