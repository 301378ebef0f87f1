import { Type } from 'typebox';
import { identityOf } from '../../records/index.ts';
import { IdentityLabel, logKind, Time } from '../log-kind.ts';

/** It was decided what one client may do with its repositories: all of it, as it is from then on. */
export const clientBounded = logKind({
  name: 'client bounded',
  details: Type.Object({
    identity: IdentityLabel,
    /** Whether its removals are heard. */
    prune: Type.Boolean(),
    /** Bytes; null for what the policy says. */
    quota: Type.Union([Type.Integer(), Type.Null()]),
    quarantined: Type.Boolean(),
    reason: Type.Optional(Type.String()),
  }),
  async apply(tx, { details: { identity, prune, quota, quarantined }, atMs }) {
    const { name } = identityOf(identity);
    const before = await tx.clientBounds.find(name);
    await tx.clientBounds.put({
      name,
      may_prune: prune ? 1 : 0,
      quota_bytes: quota,
      quarantined_at: quarantined ? (before?.quarantined_at ?? atMs) : null,
    });
  },
});

/** What of the trash: all repositories of all clients where nothing is said. */
const OfTrash = Type.Object({
  client: Type.Optional(Type.String()),
  repository: Type.Optional(Type.String()),
  /** Of what is restored, as it was then; of what is emptied, what was removed before. */
  before: Type.Optional(Time),
});

/** What rests in the trash was to come back. */
export const trashRestored = logKind({ name: 'trash restored', details: OfTrash });

/** What rests in the trash and is not locked was to go. */
export const trashEmptied = logKind({ name: 'trash emptied', details: OfTrash });

/** A client does what is not as usual. */
export const alarmRaised = logKind({
  name: 'alarm raised',
  details: Type.Object({ identity: IdentityLabel, alarm: Type.String(), detail: Type.String() }),
  async apply(tx, { details: { identity, alarm, detail }, atMs }) {
    await tx.clientAlarms.insert({ name: identityOf(identity).name, alarm, since: atMs, detail });
  },
});

/** It is as usual again. */
export const alarmOver = logKind({
  name: 'alarm over',
  details: Type.Object({ identity: IdentityLabel, alarm: Type.String() }),
  async apply(tx, { details: { identity, alarm } }) {
    await tx.clientAlarms.remove(identityOf(identity).name, alarm);
  },
});
