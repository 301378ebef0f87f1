import { Type } from 'typebox';
import { CertificateFingerprint, logKind, Sequence, Time } from '../log-kind.ts';

/** The first record of every log. */
export const authorityCreated = logKind({
  name: 'authority created',
  details: Type.Object({
    network: Type.String(),
    root: CertificateFingerprint,
    issuing: CertificateFingerprint,
    statusAddress: Type.String(),
    /** The public half of the recovery key (age). */
    recoveryRecipient: Type.String(),
  }),
});

/** Somebody has looked at the clock and goes on with it as it is. */
export const clockAccepted = logKind({
  name: 'clock accepted',
  details: Type.Object({
    reason: Type.String(),
    clock: Type.Enum(['behind', 'ahead']),
    now: Time,
    expected: Time,
  }),
});

/** Somebody answers for it that another store is taken for that of this network. */
export const storeAccepted = logKind({
  name: 'store accepted',
  details: Type.Object({
    store: Type.String(),
    directory: Type.String(),
    found: Type.String(),
    reason: Type.String(),
    /** The store that it was. */
    before: Type.Optional(Type.String()),
  }),
  async apply(tx, { details }) {
    await tx.state.setStore(details.store);
  },
});

/** The authority goes on elsewhere, or that was taken back. */
export const retired = logKind({
  name: 'retired',
  details: Type.Object({
    /** The backup it was moved with. */
    movedTo: Type.Optional(Type.String()),
    /** Whether that has the key of the root. */
    holdsRoot: Type.Optional(Type.Boolean()),
    /** Why it is at work here again. */
    undone: Type.Optional(Type.String()),
  }),
  async apply(tx, { details }) {
    await tx.state.setStanding(details.undone === undefined ? 'retired' : 'ready');
  },
});

/** A newer copy of this authority was met, and this one has stopped for ever. */
export const superseded = logKind({
  name: 'superseded',
  details: Type.Object({
    /** `mirror /mnt/x`, `client/alpha`. */
    shownBy: Type.String(),
    epoch: Type.Integer(),
    sequence: Sequence,
  }),
  async apply(tx) {
    await tx.state.supersede();
  },
});
