import { dayMs } from '../../base/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import type { ClientAlarmRow, ClientDayRow, ClientUsageRow } from '../records/index.ts';
import { type AlarmName, alarmsIn, knownDaysMs } from './alarms.ts';

/** What a client did since it was last put on record. */
export interface ClientActs {
  /** More, or less, of what is stored and of what rests in the trash. */
  readonly bytes: number;
  readonly trashBytes: number;
  readonly snapshots: number;
  readonly keys: number;
  readonly addedBytes: number;
  readonly removedSnapshots: number;
  readonly removedObjects: number;
  readonly removedBytes: number;
  /** Removals that were refused. */
  readonly refused: number;
}

/** How much of a client is stored. */
export interface ClientUsage {
  readonly bytes: number;
  readonly trashBytes: number;
  /** When all was counted last; undefined where it never was. */
  readonly countedAt: Date | undefined;
}

/** Something of a client that somebody should look at. */
interface ClientAlarm {
  readonly alarm: string;
  readonly since: Date;
  /** What was found, in a sentence. */
  readonly detail: string;
}

/** An alarm that was raised, or is over. */
interface AlarmChange {
  readonly client: string;
  readonly alarm: string;
  readonly detail: string;
  readonly isOver: boolean;
}

const grownWithinMs = 7 * dayMs;
/** So many clients are put on record as one. */
const atOnce = 200;

/**
 * What clients store and do, on record: so much of each as is needed to hold it to its quota, and to see what is not as
 * usual. Decides nothing of a client; an alarm is in the log, once when it is raised and once when it is over.
 */
export class Activity {
  readonly #context: Recording;

  constructor(context: Recording) {
    this.#context = context;
  }

  /** Adds what was done by some clients, to the day of `nowMs`. */
  async add(acts: ReadonlyMap<string, ClientActs>, nowMs: number): Promise<void> {
    const all = [...acts];
    const day = dayOf(nowMs);
    for (let at = 0; at < all.length; at += atOnce)
      await this.#context.records.transaction(async ({ clientUsage, clientDays }) => {
        for (const [name, done] of all.slice(at, at + atOnce)) {
          await clientUsage.add({ name, bytes: done.bytes, trash_bytes: done.trashBytes });
          await clientDays.add({ name, day, ...rowOf(done) });
        }
      });
  }

  /** What is stored of every client of which anything is known. */
  async usage(): Promise<ReadonlyMap<string, ClientUsage>> {
    const rows = await this.#context.records.committed.clientUsage.all();
    return new Map(rows.map((row) => [row.name, usageOf(row)]));
  }

  /** By how much the store of each client grew within the last seven days, in bytes. */
  async growth(nowMs: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#context.records.committed.clientDays.growth(dayOf(nowMs - grownWithinMs));
    return new Map(rows.map(({ name, bytes }) => [name, bytes]));
  }

  /** What was counted, in the place of what was kept. */
  async count(
    name: string,
    { bytes, trashBytes }: Omit<ClientUsage, 'countedAt'>,
    at: number,
  ): Promise<void> {
    await this.#context.records.clientUsage.put({ name, bytes, trash_bytes: trashBytes, counted_at: at });
  }

  /** Has what is stored of a client counted anew, since something else has changed it. */
  async doubt(name: string): Promise<void> {
    await this.#context.records.clientUsage.doubt(name);
  }

  /** What should be looked at now, by client. */
  async alarms(): Promise<ReadonlyMap<string, readonly ClientAlarm[]>> {
    const rows = await this.#context.records.committed.clientAlarms.all();
    return new Map(
      [...Map.groupBy(rows, ({ name }) => name)].map(([name, alarms]) => [name, alarms.map(alarmOf)]),
    );
  }

  /** Looks whether one client is as usual; raises alarms and ends them, and gives which. */
  async judge(name: string, nowMs: number): Promise<readonly AlarmChange[]> {
    const { committed } = this.#context.records;
    const days = await committed.clientDays.since(name, dayOf(nowMs) - knownDaysMs);
    const { bytes = 0, trash_bytes = 0 } = (await committed.clientUsage.find(name)) ?? {};
    const found = alarmsIn({ days, heldBytes: bytes + trash_bytes, nowMs });
    const known = await committed.clientAlarms.of(name);
    const changes = changesOf(name, found, known);
    if (changes.length > 0) await this.#record(changes);
    return changes;
  }

  /** Days of long ago are of no use any more. */
  async forget(nowMs: number): Promise<void> {
    await this.#context.records.clientDays.forgetBefore(dayOf(nowMs) - knownDaysMs);
  }

  async #record(changes: readonly AlarmChange[]): Promise<void> {
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      const by = 'authority';
      for (const { client, alarm, detail, isOver } of changes) {
        const identity = `client/${client}`;
        if (isOver) await log.decide(tx, kinds.alarmOver, { by, details: { identity, alarm } });
        else await log.decide(tx, kinds.alarmRaised, { by, details: { identity, alarm, detail } });
      }
    });
  }
}

function changesOf(
  client: string,
  found: ReadonlyMap<AlarmName, string>,
  known: readonly ClientAlarmRow[],
): AlarmChange[] {
  const names = known.map(({ alarm }) => alarm);
  const raised = [...found].filter(([alarm]) => !names.includes(alarm));
  const over = known.filter(({ alarm }) => !found.has(alarm as AlarmName));
  return [
    ...raised.map(([alarm, detail]) => ({ client, alarm, detail, isOver: false })),
    ...over.map(({ alarm, detail }) => ({ client, alarm, detail, isOver: true })),
  ];
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

function rowOf(done: ClientActs): Omit<ClientDayRow, 'name' | 'day'> {
  return {
    snapshots: done.snapshots,
    keys: done.keys,
    added_bytes: done.addedBytes,
    removed_snapshots: done.removedSnapshots,
    removed_objects: done.removedObjects,
    removed_bytes: done.removedBytes,
    refused: done.refused,
  };
}

function usageOf({ bytes, trash_bytes, counted_at }: ClientUsageRow): ClientUsage {
  return {
    bytes: Math.max(0, bytes),
    trashBytes: Math.max(0, trash_bytes),
    countedAt: counted_at === null ? undefined : new Date(counted_at),
  };
}

function alarmOf({ alarm, since, detail }: ClientAlarmRow): ClientAlarm {
  return { alarm, since: new Date(since), detail };
}
