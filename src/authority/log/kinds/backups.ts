import { Type } from 'typebox';
import { logKind, Sequence } from '../log-kind.ts';

/** A backup of the authority is where it belongs. */
export const backedUp = logKind({
  name: 'backed up',
  details: Type.Object({
    /** Directory, or address without any password. */
    place: Type.String(),
    name: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.String(),
    /** What opens it. */
    lockedWith: Type.String(),
    /** Where the log ends in it. */
    holds: Type.Object({ sequence: Sequence, head: Type.String() }),
    /** Labels of the keys that are not in it. */
    missing: Type.Array(Type.String()),
  }),
  async apply(tx, { details: { place, name, bytes, holds, missing }, atMs }) {
    const roots = await tx.issuers.list('root');
    await tx.backups.insert({
      place,
      name,
      made_at: atMs,
      bytes,
      sequence: holds.sequence,
      holds_root: Number(roots.some(({ label }) => !missing.includes(label))),
    });
  },
});

/** A backup was tried. */
export const rehearsed = logKind({
  name: 'rehearsed',
  details: Type.Object({
    name: Type.String(),
    depth: Type.Enum(['opened', 'looked at']),
    good: Type.Boolean(),
    steps: Type.Array(
      Type.Object({
        what: Type.String(),
        good: Type.Boolean(),
        found: Type.String(),
        /** The mirror of the log that was looked at, and not the backup. */
        mirror: Type.Optional(Type.String()),
      }),
    ),
  }),
  async apply(tx, { details: { name, depth, good, steps }, atMs }) {
    const { backups, mirrors } = tx;
    if (good) await backups.noteRehearsed(name, atMs);
    const found = steps.filter((step) => !step.good && step.mirror === undefined);
    const problem = found.map((step) => `${step.what}: ${step.found}`).join('; ');
    if (found.length > 0) await backups.noteProblem(name, { problem, atMs, depth });
    // A look from outside takes nothing back of what was found inside.
    else await backups.clearProblem(name, depth, { all: depth === 'opened' });
    for (const { mirror, good: holds, found: seen } of steps)
      if (mirror !== undefined)
        await mirrors.noteProblem(mirror, holds ? undefined : { problem: seen, atMs });
  },
});

/** The authority goes on from a backup, or from its keys alone, in the epoch of this record. */
export const restored = logKind({
  name: 'restored',
  details: Type.Object({
    /** Where the log of the backup ended; 0 for keys alone. */
    backup: Type.Object({ sequence: Sequence, hash: Type.String() }),
    /** The mirror whose log was taken. */
    mirror: Type.Union([Type.String(), Type.Null()]),
    records: Type.Integer(),
    certificates: Type.Integer(),
    revoked: Type.Integer(),
    issuers: Type.Integer(),
    /** How many records of which kind said that something was, and not what it was. */
    lost: Type.Record(Type.String(), Type.Integer()),
    /** The file that the key of the root came from. */
    rootFrom: Type.Optional(Type.String()),
    notes: Type.Array(Type.String()),
  }),
});

/** An administrator answers for it that nothing is known of the time since the backup. */
export const logLost = logKind({
  name: 'log lost',
  details: Type.Object({ reason: Type.String() }),
});
