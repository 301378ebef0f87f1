import { Type } from 'typebox';
import type { JobOrder } from '../../../enrol/index.ts';
import { logKind } from '../log-kind.ts';

const Order = Type.Unsafe<JobOrder>(Type.Object({ kind: Type.String() }));

/** An administrator has jobs started again and again. */
export const scheduleAdded = logKind({
  name: 'schedule added',
  details: Type.Object({
    schedule: Type.String(),
    order: Order,
    /** Names of clients; all of them where nothing is said. */
    nodes: Type.Optional(Type.Array(Type.String())),
    every: Type.String(),
    zone: Type.String(),
    /** Milliseconds. */
    lifetime: Type.Integer(),
  }),
  async apply(tx, { details: { schedule, order, nodes, every, zone, lifetime }, by, atMs }) {
    await tx.schedules.insert({
      name: schedule,
      job_order: JSON.stringify(order),
      nodes: nodes === undefined ? null : JSON.stringify(nodes),
      every,
      zone,
      lifetime,
      added_by: by,
      added_at: atMs,
    });
  },
});

/** Its time had come: the jobs of the records before this one were started. */
export const scheduleRun = logKind({
  name: 'schedule run',
  details: Type.Object({ schedule: Type.String(), jobs: Type.Integer() }),
  async apply(tx, { details: { schedule }, atMs }) {
    await tx.schedules.run(schedule, atMs);
  },
});

/** It starts nothing any more. */
export const scheduleRemoved = logKind({
  name: 'schedule removed',
  details: Type.Object({ schedule: Type.String() }),
  async apply(tx, { details: { schedule } }) {
    await tx.schedules.remove(schedule);
  },
});
