import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
import { type AgentReport, dueGraceMs, type ReportedSet } from '../../enrol/index.ts';

/** When the snapshot came that a set names. */
export interface Arrival {
  readonly snapshot: string;
  /** Milliseconds since 1970 by the server's clock. */
  readonly atMs: number;
}

/** A report as it came. */
export interface ReceivedReport {
  readonly report: AgentReport;
  readonly receivedMs: number;
  /** By the id of the set; nothing of one whose snapshot is not here. */
  readonly arrivals: Readonly<Record<string, Arrival>>;
}

/** How a backup set of a client stands by the server's own clock. */
export interface JudgedSet extends Pick<ReportedSet, 'id' | 'name' | 'every' | 'running'> {
  /** As the client has it, or `silent`: its time came, and nothing was heard of the machine. */
  readonly state: ReportedSet['state'] | 'silent';
  readonly since: Date;
  /** What is wrong, in a sentence; nothing of one that is ok. */
  readonly why: string | undefined;
  /** When its next run is due. */
  readonly next: Date;
  readonly isElsewhere: boolean;
  /** Versions of it that wait on the machine. */
  readonly waiting:
    | (Omit<NonNullable<ReportedSet['waiting']>, 'sinceMs'> & { readonly since: Date })
    | undefined;
  readonly last:
    | {
        readonly begun: Date;
        readonly ended: Date | undefined;
        readonly result: NonNullable<ReportedSet['last']>['result'];
        readonly code: string | undefined;
        readonly message: string | undefined;
      }
    | undefined;
  readonly success:
    | {
        readonly ended: Date;
        readonly snapshot: string | undefined;
        /** When that came here; undefined where it did not, or goes elsewhere. */
        readonly arrived: Date | undefined;
        readonly bytes: number | undefined;
        readonly added: number | undefined;
      }
    | undefined;
  /** What the client says of its restore drills; undefined before the first. */
  readonly drill: JudgedDrill | undefined;
  /** Since when nothing has proven it, where a drill should have by the client's word. */
  readonly unproven: Date | undefined;
}

/** What a client says of the restore drills of a set, at moments of the server's clock. */
interface JudgedDrill {
  /** When the newest one ended, and what is known since. */
  readonly ended: Date;
  readonly result: NonNullable<ReportedSet['drill']>['result'];
  /** When one ended last that proved the set; never later than it was said. */
  readonly proven: Date | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly found: string | undefined;
}

/** What a client says of its sets, judged. */
export interface JudgedReport {
  readonly received: Date;
  /** Whether an agent runs there, by its word. */
  readonly hasAgent: boolean;
  readonly sets: readonly JudgedSet[];
  /** How many sets it has. */
  readonly total: number;
  /** What it was sent and does not run. */
  readonly refused: NonNullable<AgentReport['refused']>;
}

/** What a report is judged by. */
interface Judging {
  readonly nowMs: number;
  /** When anything was heard of the machine last. */
  readonly heardMs: number;
}

/** So many reports may be lost, and one is no sooner missed. */
const lostReports = 5;
const minSilenceMs = 15 * minuteMs;
/** An agent of which nothing is heard for so long is silent, whatever its sets are. */
const longestSilenceMs = 2 * dayMs;
/** A snapshot came earlier than its run began by no more than this, whatever the clocks are. */
const clockToleranceMs = hourMs;

/** Judges what a client said of its sets. All of its times are counted from the moment at which the report came. */
export function judgeReport(received: ReceivedReport, judging: Judging): JudgedReport {
  const { report, receivedMs } = received;
  return {
    received: new Date(receivedMs),
    hasAgent: report.everyMs !== undefined,
    sets: report.sets.map((set) => judgeSet(set, received, judging)),
    total: report.total,
    refused: report.refused ?? [],
  };
}

function judgeSet(told: ReportedSet, received: ReceivedReport, judging: Judging): JudgedSet {
  const { report, receivedMs, arrivals } = received;
  const set = shifted(told, receivedMs - report.sentMs);
  const { id, name, every, running, nextMs, last, success, waiting, unprovenMs } = set;
  const arrival = arrivals[id];
  const arrived = arrival !== undefined && arrival.snapshot === success?.snapshot ? arrival.atMs : undefined;
  const standing = silence(set, report, { ...judging, receivedMs }) ??
    unbacked(set, arrived) ??
    overdue(set, judging.nowMs) ?? { state: set.state, sinceMs: set.sinceMs, why: whyOf(set) };
  return {
    id,
    name,
    every,
    running,
    state: standing.state,
    since: new Date(standing.sinceMs),
    why: standing.why,
    next: new Date(nextMs),
    isElsewhere: set.elsewhere === true,
    waiting: waiting && {
      versions: waiting.versions,
      bytes: waiting.bytes,
      refused: waiting.refused,
      since: new Date(waiting.sinceMs),
    },
    last: last && {
      begun: new Date(last.begunMs),
      ended: last.endedMs === undefined ? undefined : new Date(last.endedMs),
      result: last.result,
      code: last.code,
      message: last.message,
    },
    success: success && {
      ended: new Date(success.endedMs),
      snapshot: success.snapshot,
      arrived: arrived === undefined ? undefined : new Date(arrived),
      bytes: success.bytes,
      added: success.added,
    },
    drill: set.drill && judgeDrill(set.drill, receivedMs),
    unproven: unprovenMs === undefined ? undefined : new Date(Math.min(unprovenMs, receivedMs)),
  };
}

function judgeDrill(
  { endedMs, provenMs, result, files, bytes, found }: NonNullable<ReportedSet['drill']>,
  receivedMs: number,
): JudgedDrill {
  const when = (ms: number): Date => new Date(Math.min(ms, receivedMs));
  const proven = provenMs === undefined ? undefined : when(provenMs);
  return { ended: when(endedMs), result, proven, files, bytes, found };
}

/** Its times by the server's clock. */
function shifted(set: ReportedSet, byMs: number): ReportedSet {
  const { last, success, drill, unprovenMs } = set;
  const by = (ms: number): number => ms + byMs;
  return {
    ...set,
    sinceMs: by(set.sinceMs),
    nextMs: by(set.nextMs),
    afterMs: by(set.afterMs),
    ...(last && {
      last: {
        ...last,
        begunMs: by(last.begunMs),
        ...(last.endedMs !== undefined && { endedMs: by(last.endedMs) }),
      },
    }),
    ...(success && {
      success: { ...success, begunMs: by(success.begunMs), endedMs: by(success.endedMs) },
    }),
    ...(drill && {
      drill: {
        ...drill,
        endedMs: by(drill.endedMs),
        ...(drill.provenMs !== undefined && { provenMs: by(drill.provenMs) }),
      },
    }),
    ...(unprovenMs !== undefined && { unprovenMs: by(unprovenMs) }),
  };
}

interface SetStanding {
  readonly state: JudgedSet['state'];
  readonly sinceMs: number;
  readonly why: string | undefined;
}

function silence(
  { nextMs }: ReportedSet,
  { everyMs }: AgentReport,
  { nowMs, heardMs, receivedMs }: Judging & { readonly receivedMs: number },
): SetStanding | undefined {
  const lastMs = Math.max(heardMs, receivedMs);
  const silentMs = nowMs - lastMs;
  const isQuiet = silentMs > Math.max(minSilenceMs, lostReports * (everyMs ?? 0));
  const isDue = nowMs > nextMs + dueGraceMs;
  const isGone = everyMs !== undefined && silentMs > longestSilenceMs;
  if (!(isQuiet && isDue) && !isGone) return undefined;
  return { state: 'silent', sinceMs: lastMs, why: 'nothing was heard of this machine since then' };
}

/** Says that it has a snapshot, which is not here, or is older than the run that is said to have made it. */
function unbacked(
  { state, success, elsewhere, sinceMs }: ReportedSet,
  arrivedMs: number | undefined,
): SetStanding | undefined {
  if (elsewhere === true || !['ok', 'partial', 'late'].includes(state)) return undefined;
  if (success?.snapshot === undefined)
    return { state: 'failed', sinceMs, why: `it says that it is ${state}, and names no snapshot` };
  if (arrivedMs !== undefined && arrivedMs >= success.begunMs - clockToleranceMs) return undefined;
  const named = `snapshot ${success.snapshot.slice(0, 8)}`;
  const found =
    arrivedMs === undefined ? 'is not here' : `came ${new Date(arrivedMs).toISOString()}, before that run`;
  return {
    state: 'failed',
    sinceMs: success.endedMs,
    why: `it says that it is ${state}, and its ${named} ${found}`,
  };
}

function overdue(set: ReportedSet, nowMs: number): SetStanding | undefined {
  const { state, running, nextMs, afterMs, waits = 'it has not begun' } = set;
  if (running || state === 'never' || state === 'stuck') return undefined;
  if (nowMs > afterMs + dueGraceMs) return { state: 'missed', sinceMs: nextMs, why: waits };
  if (state === 'ok' && nowMs > nextMs + dueGraceMs) return { state: 'late', sinceMs: nextMs, why: waits };
  return undefined;
}

function whyOf({ state, waits, last }: ReportedSet): string | undefined {
  const ended = `${last?.message ?? 'it ended without a word'} [${last?.code ?? 'killed'}]`;
  return {
    ok: undefined,
    never: waits ?? 'it has not run yet',
    late: waits ?? 'it has not begun',
    missed: waits ?? 'it has not begun',
    failed: ended,
    partial: 'some files could not be read',
    stuck: 'its run does not get on',
  }[state];
}
