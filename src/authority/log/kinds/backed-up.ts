import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { Sequence } from './terms.ts';

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
