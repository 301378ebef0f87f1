import { type Static, Type } from 'typebox';
import { identityLabel, type Job } from '../authority/index.ts';
import { dayMs, minuteMs } from '../base/index.ts';
import { JobOrder } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, PresentWhen, Time } from './answer.ts';

/** How long a job waits for its machine when nothing is said, and at most. */
const defaultLifetimeMs = dayMs;
const longestLifetimeMs = 7 * dayMs;

const NodeName = Type.String({ minLength: 1, maxLength: 63 });
const JobId = Type.Integer({ minimum: 1 });

const [backupOrder, restoreOrder, checkOrder, grantOrder] = JobOrder.anyOf;

export const jobStartInput = Type.Object(
  {
    node: NodeName,
    /** What seals a grant is started by that. */
    order: Type.Union([backupOrder, restoreOrder, checkOrder]),
    /** Until when it may begin. */
    lifetimeMs: Type.Optional(Type.Integer({ minimum: minuteMs, maximum: longestLifetimeMs })),
  },
  { additionalProperties: false },
);
export const jobStopInput = Type.Object(
  {
    id: JobId,
    /** Whether it ends without the word of its machine. */
    giveUp: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export const jobIdInput = Type.Object({ id: JobId }, { additionalProperties: false });
export const jobListInput = Type.Object(
  {
    node: Type.Optional(NodeName),
    /** Number of the last one of the page before. */
    before: Type.Optional(JobId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** What a job came to, as its machine says; `lost` where that is not waited for any more. */
const OutcomeView = Type.Object({
  result: Type.Enum(['done', 'partial', 'failed', 'refused', 'stopped', 'lost']),
  exit: PresentWhen(
    'a command did it; null where a signal ended that',
    Type.Union([Type.Integer(), Type.Null()]),
  ),
  snapshot: PresentWhen('one was made, or restored', Type.String()),
  files: PresentWhen('it was saved or restored', Type.Integer()),
  bytes: PresentWhen('it was saved or restored', Type.Integer()),
  code: PresentWhen('it failed or was refused, and the error has one', Type.String()),
  message: PresentWhen('it failed, was refused or is lost', Type.String()),
});

/** What a client is to do, to which later versions may add. */
export const OrderView = Type.Union([
  Type.Object(backupOrder.properties),
  Type.Object(restoreOrder.properties),
  Type.Object(checkOrder.properties),
  Type.Object({ ...grantOrder.properties, path: PresentWhen('it is of that alone', Type.String()) }),
]);

/** A job of a client, as it stands. */
export const JobView = Type.Object({
  id: Type.Integer(),
  node: Type.String(),
  state: Type.Enum([
    'waiting',
    'running',
    'stopping',
    'expired',
    'done',
    'partial',
    'failed',
    'refused',
    'stopped',
    'lost',
  ]),
  order: OrderView,
  by: Type.String(),
  created: Time,
  /** From then on it is not begun. */
  expires: Time,
  begun: PresentWhen('its machine has begun it', Time),
  stopped: PresentWhen('it was told to end', Type.Object({ by: Type.String(), at: Time })),
  ended: PresentWhen('it has ended', Time),
  outcome: PresentWhen('it has ended', OutcomeView),
});
export const JobListAnswer = Type.Array(JobView);

/** Tells a client to do something. Errors: `object_not_found`, `job_queue_full` */
export async function startJob(
  { authority, clock }: AdminContext,
  { node, order, lifetimeMs = defaultLifetimeMs }: Static<typeof jobStartInput>,
  caller: Identity,
): Promise<Answer<typeof JobView>> {
  const expiresAt = new Date(clock.now() + lifetimeMs);
  return jobView(await authority.jobs.start({ node, order, expiresAt, by: identityLabel(caller) }));
}

/** Tells a client to do it no more, or waits for it no more. Errors: `object_not_found`, `job_over` */
export async function stopJob(
  { authority: { jobs } }: AdminContext,
  { id, giveUp = false }: Static<typeof jobStopInput>,
  caller: Identity,
): Promise<Answer<typeof JobView>> {
  const by = identityLabel(caller);
  return jobView(giveUp ? await jobs.giveUp(id, by) : await jobs.stop(id, by));
}

/** Errors: `object_not_found` */
export async function showJob(
  { authority }: AdminContext,
  { id }: Static<typeof jobIdInput>,
): Promise<Answer<typeof JobView>> {
  return jobView(await authority.jobs.find(id));
}

/** A page of the jobs, the newest first. */
export async function listJobs(
  { authority }: AdminContext,
  { limit = maxListed, ...page }: Static<typeof jobListInput>,
): Promise<Answer<typeof JobListAnswer>> {
  return (await authority.jobs.list({ ...page, limit })).map(jobView);
}

/** A job as it is shown. */
export function jobView(job: Job): Answer<typeof JobView> {
  const { id, node, state, order, by, outcome, stoppedBy, stoppedAt } = job;
  return {
    id,
    node,
    state,
    order,
    by,
    created: job.createdAt.toISOString(),
    expires: job.expiresAt.toISOString(),
    ...(job.begunAt && { begun: job.begunAt.toISOString() }),
    ...(stoppedAt && { stopped: { by: stoppedBy ?? '', at: stoppedAt.toISOString() } }),
    ...(job.endedAt && { ended: job.endedAt.toISOString() }),
    ...(outcome && { outcome }),
  };
}
