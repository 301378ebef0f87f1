import { Type } from 'typebox';
import type { JobOrder, JobOutcome } from '../../../enrol/index.ts';
import { identityOf } from '../../records/index.ts';
import { IdentityLabel, logKind, Time } from '../log-kind.ts';

/** The number of a job. */
const Job = Type.Integer();
const Order = Type.Unsafe<JobOrder>(Type.Object({ kind: Type.String() }));
const Outcome = Type.Unsafe<JobOutcome | { readonly result: 'lost'; readonly message: string }>(
  Type.Object({ result: Type.String() }),
);

/** An administrator told a client to do something. */
export const jobStarted = logKind({
  name: 'job started',
  details: Type.Object({ job: Job, identity: IdentityLabel, order: Order, expires: Time }),
  async apply(tx, { details: { job, identity, order, expires }, by, atMs }) {
    await tx.jobs.insert({
      id: job,
      name: identityOf(identity).name,
      job_order: JSON.stringify(order),
      created_by: by,
      created_at: atMs,
      expires_at: Date.parse(expires),
    });
  },
});

/** An administrator told a client to do it no more. */
export const jobStopped = logKind({
  name: 'job stopped',
  details: Type.Object({ job: Job, identity: IdentityLabel }),
  async apply(tx, { details: { job }, by, atMs }) {
    await tx.jobs.stop(job, by, atMs);
  },
});

/** A client said what came of it; or it was stopped before it began, or its client is not waited for any more. */
export const jobEnded = logKind({
  name: 'job ended',
  details: Type.Object({ job: Job, identity: IdentityLabel, outcome: Outcome }),
  async apply(tx, { details: { job, outcome }, atMs }) {
    await tx.jobs.end(job, JSON.stringify(outcome), atMs);
  },
});
