import { type Static, Type } from 'typebox';
import { minuteMs } from '../base/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { maxSentSets } from './sent-set.ts';

/** Where agents speak to the server, on `control`. */
export const agentPaths = {
  /** POST {@link AgentReport}. */
  report: '/-/agent/report',
} as const;

/** The most that a report may be, and so many sets it names. */
export const maxReportBytes: number = 64 * 1024;
export const maxReportedSets = 50;
/** The longest text of a report that is for people. */
export const maxReportedText = 200;

/** So long after its time nobody is told of a run that has not begun. */
export const dueGraceMs: number = 15 * minuteMs;

const closed = { additionalProperties: false } as const;
/** Milliseconds since 1970 by the clock of whoever reports, before the year 2200. */
const Moment = Type.Integer({ minimum: 0, maximum: 7_258_118_400_000 });
const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** What steers no terminal. */
const Text = Type.String({ maxLength: maxReportedText, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
const SnapshotId = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** How the newest attempt at a set stands. */
const ReportedAttempt = Type.Object(
  {
    begunMs: Moment,
    endedMs: Type.Optional(Moment),
    result: Type.Enum(['ok', 'partial', 'failed', 'kept', 'running', 'cut off']),
    code: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
    message: Type.Optional(Text),
  },
  closed,
);

/** The newest attempt at a set that brought a snapshot. */
const ReportedSuccess = Type.Object(
  {
    begunMs: Moment,
    endedMs: Moment,
    snapshot: Type.Optional(SnapshotId),
    files: Type.Optional(Size),
    bytes: Type.Optional(Size),
    added: Type.Optional(Size),
  },
  closed,
);

/** What the newest restore drill of a set came to, and when one proved it last. */
const ReportedDrill = Type.Object(
  {
    endedMs: Moment,
    result: Type.Enum(['proven', 'damaged', 'different', 'empty', 'failed']),
    provenMs: Type.Optional(Moment),
    /** Of the newest one: files that were restored and are as they were saved, and bytes restored. */
    files: Size,
    bytes: Size,
    /** What was found wrong, or why it could not be held. */
    found: Type.Optional(Text),
  },
  closed,
);

/** Versions of a set that the machine keeps until a server answers. */
const ReportedWaiting = Type.Object(
  { versions: Size, bytes: Size, sinceMs: Moment, refused: Type.Boolean() },
  closed,
);

/** A backup set of a machine, and how it stands by the machine's own word. */
const ReportedSet = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,80}$' }),
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    /** Its schedule, as it was typed. */
    every: Text,
    state: Type.Enum(['never', 'ok', 'late', 'missed', 'failed', 'partial', 'stuck']),
    sinceMs: Moment,
    /** When its next run is due, and the one after that. */
    nextMs: Moment,
    afterMs: Moment,
    running: Type.Boolean(),
    /** What it waits for though it is due. */
    waits: Type.Optional(Text),
    /** That it goes to a repository of its own, of which the server knows nothing. */
    elsewhere: Type.Optional(Type.Literal(true)),
    /** Versions of it that wait on the machine, and whether the newest found no room there. */
    waiting: Type.Optional(ReportedWaiting),
    last: Type.Optional(ReportedAttempt),
    success: Type.Optional(ReportedSuccess),
    drill: Type.Optional(ReportedDrill),
    /** Since when nothing has proven it, where a drill should have long since. */
    unprovenMs: Type.Optional(Moment),
  },
  closed,
);
export type ReportedSet = Static<typeof ReportedSet>;

/** A set that the server has sent and this machine does not run, and why. */
const RefusedSet = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    code: Type.String({ pattern: '^[a-z_]{1,64}$' }),
    message: Text,
  },
  closed,
);

/** What a machine says of its backup sets. */
export const AgentReport = Type.Object(
  {
    version: Type.Literal(1),
    /** Now, by the clock of the machine: the server counts from it. */
    sentMs: Moment,
    /** How soon the next report comes at least; not there where no agent runs. */
    everyMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 24 * 60 * minuteMs })),
    sets: Type.Array(ReportedSet, { maxItems: maxReportedSets }),
    /** How many sets there are in all. */
    total: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    /** Not there where none is refused. */
    refused: Type.Optional(Type.Array(RefusedSet, { maxItems: maxSentSets })),
  },
  closed,
);
export type AgentReport = Static<typeof AgentReport>;

/** Whom to tell. */
interface SendReportOptions {
  /** Dials as the client whose sets they are. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly report: AgentReport;
  readonly signal?: AbortSignal | undefined;
}

/** Tells a server how the sets of this machine stand. @throws HoldfastError as `exchange`, and what the server refuses by */
export async function sendReport({ dialer, server, report, signal }: SendReportOptions): Promise<void> {
  const connection = { agent: dialer.agent() };
  const url = `${server}${agentPaths.report}`;
  const answer = await exchange({ url, message: report, connection, ...(signal && { signal }) });
  acceptedJson(answer, server);
}
