import type { JobRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** What the log says of one job. */
interface LoggedJob {
  readonly started: RecordNamed<'job started'>;
  stopped: boolean;
  outcome: string | null;
}

/** Jobs: those that were started, to do what was said, and ended as their clients said. That one has begun is in no log. */
export function jobClaims(): Claims {
  const logged = new Map<number, LoggedJob>();
  return {
    note(record) {
      if (record.kind === 'job started')
        logged.set(record.details.job, { started: record, stopped: false, outcome: null });
      if (record.kind !== 'job stopped' && record.kind !== 'job ended') return;
      const job = logged.get(record.details.job);
      if (job === undefined) return;
      if (record.kind === 'job stopped') job.stopped = true;
      else job.outcome = JSON.stringify(record.details.outcome);
    },
    async compare(records) {
      const rows = new Map((await records.jobs.all()).map((row) => [row.id, row]));
      const numbers = new Set([...logged.keys(), ...rows.keys()]);
      return [...numbers].flatMap((id) => problemOf(id, logged.get(id), rows.get(id)) ?? []);
    },
  };
}

function problemOf(id: number, logged: LoggedJob | undefined, row: JobRow | undefined): string | undefined {
  if (logged === undefined) return `job ${id} is on record, and the log does not say that it was started`;
  const { sequence, by, details } = logged.started;
  if (row === undefined) return `job ${id} (record ${sequence}) is not on record`;
  const isSame =
    details.identity === `client/${row.name}` &&
    JSON.stringify(details.order) === row.job_order &&
    by === row.created_by &&
    Date.parse(details.expires) === row.expires_at;
  if (!isSame) return `job ${id} is another one on record than record ${sequence} says`;
  const isStanding = logged.stopped === (row.stopped_at !== null) && logged.outcome === row.outcome;
  return isStanding ? undefined : `job ${id} came to something else on record than the log says`;
}
