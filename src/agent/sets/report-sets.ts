import { type AgentReport, maxReportedSets, maxReportedText, type ReportedSet } from '../../enrol/index.ts';
import { type DrillRecord, readDrills } from '../drill/drill-record.ts';
import { unprovenSince } from '../drill/drill-runner.ts';
import { drillFinding, drillState, isDrillAlarm } from '../drill/drill-standing.ts';
import { readWaiting } from '../spool/spool-state.ts';
import { type RefusedSet, readAllSets } from './all-sets.ts';
import type { BackupSet } from './backup-set.ts';
import { type Surroundings, whatKeeps } from './conditions.ts';
import {
  newestSuccess,
  readAttempts,
  resultOf,
  type SetAttempt,
  type Unrecorded,
  withNewest,
} from './set-attempts.ts';
import { type SetState, stateOf } from './set-state.ts';

/** What a report is made by. */
export interface ReportOptions {
  /** Of the node. */
  readonly directory: string;
  /** What the spread of this machine goes by. */
  readonly machine: string;
  /** What conditions are held against, at the moment of the report. */
  readonly around: Surroundings;
  /** How soon the next report comes at least, where an agent makes it. */
  readonly everyMs?: number | undefined;
  readonly unrecorded?: Unrecorded | undefined;
}

/** How the sets of this machine stand, as the server is told: where there are too many, those that are not ok first. */
export async function reportSets({
  directory,
  machine,
  around,
  everyMs,
  unrecorded = () => undefined,
}: ReportOptions): Promise<AgentReport> {
  const { sets, refused } = await readAllSets(directory);
  const reported = await Promise.all(
    sets.map(async (set) => {
      const attempts = withNewest(await readAttempts(directory, set), unrecorded(set));
      const record = await readDrills(directory, set);
      const unprovenMs = await unprovenSince(directory, set, { attempts, record, nowMs: around.nowMs });
      return {
        ...(await reportSet(set, attempts, { machine, around })),
        ...reportDrills(record),
        ...(unprovenMs !== undefined && { unprovenMs }),
        ...(await waitingIn(directory, set)),
      };
    }),
  );
  const told = reported.toSorted((one, other) => Number(isFine(one)) - Number(isFine(other)));
  return {
    version: 1,
    sentMs: around.nowMs,
    ...(everyMs !== undefined && { everyMs }),
    sets: told.slice(0, maxReportedSets),
    total: sets.length,
    ...(refused.length > 0 && { refused: refused.map(refusalOf) }),
  };
}

function isFine({ state, drill, unprovenMs }: ReportedSet): boolean {
  return state === 'ok' && unprovenMs === undefined && (drill === undefined || !isDrillAlarm(drill.result));
}

async function reportSet(
  set: BackupSet,
  attempts: readonly SetAttempt[],
  { machine, around }: Pick<ReportOptions, 'machine' | 'around'>,
): Promise<ReportedSet> {
  const state = stateOf(set, attempts, { nowMs: around.nowMs, machine });
  const waits = await waitsFor(set, state, around);
  const last = attempts.at(-1);
  const success = newestSuccess(attempts);
  return {
    id: set.id,
    name: set.name,
    every: shown(set.every),
    state: state.state,
    sinceMs: state.sinceMs,
    nextMs: state.dueMs,
    afterMs: state.afterMs,
    running: state.isRunning,
    ...(waits !== undefined && { waits: shown(waits) }),
    ...(set.repo !== undefined && { elsewhere: true as const }),
    ...(last !== undefined && { last: attemptOf(last) }),
    ...(success !== undefined && { success: successOf(success) }),
  };
}

/** Versions of a set that wait here. */
async function waitingIn(directory: string, set: BackupSet): Promise<Pick<ReportedSet, 'waiting'>> {
  const waiting = await readWaiting(directory, set);
  if (waiting === undefined) return {};
  const { versions, bytes, since, refused } = waiting;
  return { waiting: { versions, bytes, sinceMs: Date.parse(since), refused: refused !== undefined } };
}

function refusalOf({ name, error }: RefusedSet): NonNullable<AgentReport['refused']>[number] {
  return { name, code: error.code, message: shown(error.message) };
}

async function waitsFor(
  set: BackupSet,
  { dueMs, isRunning }: SetState,
  around: Surroundings,
): Promise<string | undefined> {
  return dueMs > around.nowMs || isRunning ? undefined : await whatKeeps(set, around);
}

function attemptOf(attempt: SetAttempt): NonNullable<ReportedSet['last']> {
  const { begun, outcome } = attempt;
  return {
    begunMs: Date.parse(begun),
    ...(outcome !== undefined && { endedMs: Date.parse(outcome.ended) }),
    result: resultOf(attempt),
    ...(outcome?.code !== undefined && { code: outcome.code }),
    ...(outcome?.message !== undefined && { message: shown(outcome.message) }),
  };
}

function successOf({ begun, outcome }: SetAttempt): NonNullable<ReportedSet['success']> {
  const { ended = begun, snapshot, files, bytes, added } = outcome ?? {};
  return {
    begunMs: Date.parse(begun),
    endedMs: Date.parse(ended),
    ...(snapshot !== undefined && { snapshot }),
    ...(files !== undefined && { files }),
    ...(bytes !== undefined && { bytes }),
    ...(added !== undefined && { added }),
  };
}

function reportDrills(record: DrillRecord | undefined): Pick<ReportedSet, 'drill'> {
  if (record === undefined) return {};
  const { last, proven } = record;
  const found = drillFinding(last);
  return {
    drill: {
      endedMs: Date.parse(last.ended),
      result: drillState(record),
      ...(proven !== undefined && { provenMs: Date.parse(proven.ended) }),
      files: last.files,
      bytes: last.bytes,
      ...(found !== undefined && { found: shown(found) }),
    },
  };
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const steering = /[\u0000-\u001f\u007f-\u009f]/g;

/** A text for people as a report may have it. */
function shown(text: string): string {
  return text.replace(steering, ' ').slice(0, maxReportedText);
}
