import { type Static, Type } from 'typebox';
import { identityLabel, type ScheduleEntry } from '../authority/index.ts';
import { dayMs, minuteMs } from '../base/index.ts';
import { JobOrder, SentSetName } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, PresentWhen, Time } from './answer.ts';
import { OrderView } from './jobs.ts';

const defaultLifetimeMs = dayMs;
const [backupOrder, , checkOrder] = JobOrder.anyOf;

export const scheduleAddInput = Type.Object(
  {
    name: SentSetName,
    order: Type.Union([backupOrder, checkOrder]),
    every: Type.String({ minLength: 1, maxLength: 100 }),
    zone: Type.String({ minLength: 1, maxLength: 64 }),
    /** Names of clients; every client where nothing is said. */
    nodes: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { minItems: 1, maxItems: 1000 }),
    ),
    /** How long each job waits for its machine. */
    lifetimeMs: Type.Optional(Type.Integer({ minimum: minuteMs, maximum: 7 * dayMs })),
  },
  { additionalProperties: false },
);
export const scheduleRemoveInput = Type.Object({ name: SentSetName }, { additionalProperties: false });

/** What clients are told to do again and again. */
export const ScheduleView = Type.Object({
  name: Type.String(),
  order: OrderView,
  nodes: PresentWhen('it is not for every client', Type.Array(Type.String())),
  every: Type.String(),
  zone: Type.String(),
  /** How long each job waits for its machine. */
  lifetimeMs: Type.Integer(),
  by: Type.String(),
  added: Time,
  last: PresentWhen('its jobs were ever started', Time),
  /** When they are started next. */
  next: Time,
});
export const ScheduleListAnswer = Type.Array(ScheduleView);

/** Has jobs started again and again. Errors: see `Schedules.add` */
export async function addSchedule(
  { authority }: AdminContext,
  { nodes, lifetimeMs = defaultLifetimeMs, ...order }: Static<typeof scheduleAddInput>,
  caller: Identity,
): Promise<Answer<typeof ScheduleView>> {
  return viewOf(await authority.schedules.add({ ...order, nodes, lifetimeMs, by: identityLabel(caller) }));
}

/** Starts nothing by it any more. Errors: `object_not_found` */
export async function removeSchedule(
  { authority }: AdminContext,
  { name }: Static<typeof scheduleRemoveInput>,
  caller: Identity,
): Promise<Answer<typeof ScheduleView>> {
  return viewOf(await authority.schedules.remove(name, identityLabel(caller)));
}

/** Every one. */
export async function listSchedules({ authority }: AdminContext): Promise<Answer<typeof ScheduleListAnswer>> {
  return (await authority.schedules.list()).map(viewOf);
}

function viewOf({ nodes, addedAt, lastAt, nextAt, ...entry }: ScheduleEntry): Answer<typeof ScheduleView> {
  return {
    ...entry,
    ...(nodes && { nodes: [...nodes] }),
    added: addedAt.toISOString(),
    ...(lastAt && { last: lastAt.toISOString() }),
    next: nextAt.toISOString(),
  };
}
