import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

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
