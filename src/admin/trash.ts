import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { HoldfastError, parseTime } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, TextOrNull, Time, TimeOrNull } from './answer.ts';

const Name = Type.String({ minLength: 1, maxLength: 63 });
/** ISO 8601. */
const Moment = Type.String({ maxLength: 40 });

export const trashListInput = Type.Object(
  { client: Type.Optional(Name), repository: Type.Optional(Name) },
  { additionalProperties: false },
);

/** What rests in the trash, by repository and by the day of its removal. */
export const TrashListAnswer = Type.Array(
  Type.Object({
    client: Type.String(),
    /** Null for the client's own repository. */
    repository: TextOrNull,
    /** The day (UTC) of the removal. */
    removedOn: Time,
    snapshots: Type.Integer(),
    /** Snapshots, packs, indexes and keys. */
    objects: Type.Integer(),
    bytes: Type.Integer(),
    /** When the last of it can be emptied; null where nothing is locked. */
    lockedUntil: TimeOrNull,
    /** When the last of it goes by itself. */
    goesAt: Time,
  }),
);

/** What rests. Errors: `store_missing` */
export async function listTrash(
  { trash, authority }: AdminContext,
  order: Static<typeof trashListInput>,
): Promise<Answer<typeof TrashListAnswer>> {
  const nowMs = authority.time();
  const groups = await trash.list(order);
  return groups.map(({ repository = null, removedOn, lockedUntil, goesAt, ...group }) => ({
    ...group,
    repository,
    removedOn: removedOn.toISOString(),
    lockedUntil: lockedUntil.getTime() > nowMs ? lockedUntil.toISOString() : null,
    goesAt: goesAt.toISOString(),
  }));
}

export const trashRestoreInput = Type.Object(
  { client: Name, repository: Type.Optional(Name), before: Type.Optional(Moment) },
  { additionalProperties: false },
);

/** What came back. */
export const TrashRestoreAnswer = Type.Object({
  /** Objects. */
  restored: Type.Integer(),
  bytes: Type.Integer(),
  /** Snapshots, indexes and keys that came since the time that was said, and are in the trash now. */
  putAside: Type.Integer(),
});

/** Brings back what rests of one client. Errors: `object_not_found`, `input_invalid`, `store_missing` */
export async function restoreTrash(
  { trash, authority }: AdminContext,
  { before, ...order }: Static<typeof trashRestoreInput>,
  caller: Identity,
): Promise<Answer<typeof TrashRestoreAnswer>> {
  const time = before === undefined ? undefined : timeIn(before);
  if (time !== undefined && time.getTime() > authority.time())
    throw new HoldfastError('input_invalid', `${before} is yet to come: what was there then is not known`);
  return await trash.restore({ ...order, before: time, by: identityLabel(caller) });
}

export const trashEmptyInput = Type.Object(
  {
    client: Type.Optional(Name),
    repository: Type.Optional(Name),
    removedBefore: Type.Optional(Moment),
    /** Whether it is done; otherwise it is only said. */
    apply: Type.Boolean(),
  },
  { additionalProperties: false },
);

/** What has gone for good, or would. */
export const TrashEmptyAnswer = Type.Object({
  /** Objects. */
  removed: Type.Integer(),
  bytes: Type.Integer(),
  /** Objects that stay: they are locked, or their client is in quarantine. */
  kept: Type.Integer(),
});

/** Empties the trash of what is not locked. Errors: `clock_wrong`, `input_invalid`, `store_missing` */
export async function emptyTrash(
  { trash }: AdminContext,
  { removedBefore, ...order }: Static<typeof trashEmptyInput>,
  caller: Identity,
): Promise<Answer<typeof TrashEmptyAnswer>> {
  const time = removedBefore === undefined ? undefined : timeIn(removedBefore);
  return await trash.empty({ ...order, removedBefore: time, by: identityLabel(caller) });
}

function timeIn(text: string): Date {
  const time = parseTime(text);
  if (time === undefined)
    throw new HoldfastError('input_invalid', `${text} is no time of ISO 8601, such as 2026-11-21T08:00Z`);
  return time;
}
