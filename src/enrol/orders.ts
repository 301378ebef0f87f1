import { type Static, Type } from 'typebox';
import { isHoldfastError } from '../base/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { parseAnswer } from './message.ts';
import { maxSentSets, SentSet } from './sent-set.ts';

/** Where a client learns what it is to do, and says what came of it. On `control`. */
export const orderPaths = {
  /** GET, held until there is something else than `If-None-Match` names: {@link Orders}. */
  orders: '/-/agent/orders',
  /** POST {@link JobReport}. */
  report: '/-/agent/jobs',
} as const;

const version = Type.Literal(1);
const closed = { additionalProperties: false } as const;
const Moment = Type.String({ maxLength: 40 });
const AbsolutePath = Type.String({ pattern: '^/[^\\u0000]*$', maxLength: 4096 });

/**
 * What a job does: a set of the machine is backed up now, a snapshot of its own repository comes back below a folder, that repository
 * is checked, or what opens it is sealed for another machine.
 */
export const JobOrder = Type.Union([
  Type.Object(
    { kind: Type.Literal('backup'), set: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }) },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('restore'),
      snapshot: Type.String({ pattern: '^(latest|[0-9a-f]{4,64})$' }),
      /** On the machine, absolute. */
      target: AbsolutePath,
      /** Patterns, as `restore --include` takes them. */
      include: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 20 }),
      overwrite: Type.Boolean(),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('check'),
      /** Whether all of its data is read. */
      readData: Type.Boolean(),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('grant'),
      /** Its number. */
      grant: Type.Integer({ minimum: 1 }),
      /** The client that it is for. */
      to: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
      /** The file or folder that it is of alone; all where nothing is said. */
      path: Type.Optional(AbsolutePath),
    },
    closed,
  ),
]);
export type JobOrder = Static<typeof JobOrder>;

/** How many jobs a client may have that are not over. */
export const maxOpenJobs = 16;

/** A job that is not over, as its machine is told of it. */
export const OpenJob = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    /** When it was started; with the number it says which job is meant, whatever was restored meanwhile. */
    created: Moment,
    /** Who started it: `admin/ann`. */
    by: Type.String({ maxLength: 100 }),
    order: JobOrder,
    /** Whether its machine has said that it begins. */
    begun: Type.Boolean(),
    /** Whether it is to end. */
    stop: Type.Boolean(),
  },
  closed,
);
export type OpenJob = Static<typeof OpenJob>;

const jobs = Type.Array(OpenJob, { maxItems: maxOpenJobs });

/** All that a client is to do, as it is now; without `sets` where none is sent. */
export const Orders = Type.Object({
  version,
  jobs,
  sets: Type.Optional(Type.Array(SentSet, { maxItems: maxSentSets })),
});
export type Orders = Static<typeof Orders>;

/** The same as a client takes it: a set that it does not understand keeps it from nothing else. */
const HeardOrders = Type.Object({
  version,
  jobs,
  sets: Type.Optional(Type.Array(Type.Unknown(), { maxItems: maxSentSets })),
});
export type HeardOrders = Static<typeof HeardOrders>;

/** What a job came to. */
export const JobOutcome = Type.Object(
  {
    result: Type.Enum(['done', 'partial', 'failed', 'refused', 'stopped']),
    /** Of the command that did it; null where a signal ended it. */
    exit: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()])),
    snapshot: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    files: Type.Optional(Type.Integer({ minimum: 0 })),
    bytes: Type.Optional(Type.Integer({ minimum: 0 })),
    code: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,59}$' })),
    message: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
);
export type JobOutcome = Static<typeof JobOutcome>;

/** A client says that it begins a job of its own, or what one came to. */
export const JobReport = Type.Object(
  {
    version,
    id: Type.Integer({ minimum: 1 }),
    created: Moment,
    outcome: Type.Optional(JobOutcome),
  },
  closed,
);
export type JobReport = Static<typeof JobReport>;

/** The most that orders may be. */
const maxOrdersBytes = 1024 * 1024;

/** A client's way to its server. */
interface OrderWay {
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal: AbortSignal;
}

/** Orders, and the tag by which they are known from then on. */
export interface ToldOrders {
  readonly orders: HeardOrders;
  readonly tag: string;
}

/**
 * Asks what this machine is to do; a server holds the answer back while that is what `known` names, and says then that it still is:
 * undefined.
 * @throws HoldfastError as `exchange`, and what the server refuses by: an older one knows no such address
 */
export async function askOrders(
  { dialer, server, signal }: OrderWay,
  known: string | undefined,
): Promise<ToldOrders | undefined> {
  const { status, body, tag } = await exchange({
    url: `${server}${orderPaths.orders}`,
    connection: { agent: dialer.agent() },
    signal,
    known,
    maxBytes: maxOrdersBytes,
  });
  if (status === 304) return undefined;
  const orders = parseAnswer(HeardOrders, acceptedJson({ status, body }, server), server);
  return { orders, tag: tag ?? '' };
}

/**
 * Says that a job begins, or what it came to; gives whether the server still wants that: one that was stopped, or has expired, is
 * over, and one that it has lost is nobody's.
 * @throws HoldfastError as `exchange`, and what the server refuses by
 */
export async function reportJob(
  { dialer, server, signal, line }: OrderWay & { readonly line: Line },
  report: Omit<JobReport, 'version'>,
): Promise<boolean> {
  const message: JobReport = { version: 1, ...report };
  const connection = { agent: dialer.agent() };
  const answer = await exchange({ url: `${server}${orderPaths.report}`, message, connection, signal, line });
  try {
    acceptedJson(answer, server);
    return true;
  } catch (error) {
    if (isHoldfastError(error, 'job_over', 'object_not_found')) return false;
    throw error;
  }
}
