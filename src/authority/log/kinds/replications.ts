import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** What a node stores is copied to others. */
export const replicationAdded = logKind({
  name: 'replication added',
  details: Type.Object({
    from: Type.String(),
    /** Names of nodes. */
    to: Type.Array(Type.String()),
    /** How many of them have a copy of each repository. */
    keep: Type.Integer(),
    /** Milliseconds. */
    removeAfter: Type.Integer(),
    rate: Type.Optional(Type.String()),
    zone: Type.String(),
  }),
  async apply(tx, { details: { from, to, keep, removeAfter, rate, zone }, by, atMs }) {
    await tx.replications.insert({
      from_name: from,
      to_names: JSON.stringify(to),
      keep,
      remove_after: removeAfter,
      rate: rate ?? null,
      zone,
      added_by: by,
      added_at: atMs,
    });
  },
});

/** It is copied no more; the copies stay. */
export const replicationRemoved = logKind({
  name: 'replication removed',
  details: Type.Object({ from: Type.String() }),
  async apply(tx, { details: { from } }) {
    await tx.replications.remove(from);
  },
});
