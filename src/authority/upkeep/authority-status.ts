import { stat } from 'node:fs/promises';
import { dayMs } from '../../base/index.ts';
import type { Fingerprint, Role } from '../../pki/index.ts';
import { type BackupRecord, placeName, readBackups } from '../backup/index.ts';
import type { CaCertificate } from '../issuers/index.ts';
import {
  type LogHead,
  type RefusalCounter,
  type RefusedPeer,
  type RepeatedRefusals,
  refusalsByCause,
  refusedPeers,
} from '../log/index.ts';
import type { MirrorState } from '../mirror/index.ts';
import { policyWarnings } from '../policy/index.ts';
import type { Standing } from '../records/index.ts';
import { refusalOfStanding } from '../standing/index.ts';
import { custodyWarnings, type Upkeep } from './custody-warnings.ts';

/** A certificate as `status` shows it. */
export interface CertificateStatus {
  /** `root-1`, `issuing-1`. */
  readonly label: string;
  readonly fingerprint: Fingerprint;
  readonly notAfter: Date;
  /** Whole days; negative once it has ended. */
  readonly daysLeft: number;
}

/** How the authority is. */
export interface AuthorityStatus {
  readonly network: string;
  readonly epoch: number;
  /** Whether it may work, and why not. */
  readonly standing: Standing;
  readonly statusAddress: string;
  readonly root: CertificateStatus;
  readonly issuing: CertificateStatus;
  /** Identities with a certificate that can be used now, by role. */
  readonly nodes: Readonly<Partial<Record<Role, number>>>;
  /** Those whose last certificate ends within a week, soonest first, at most 100. */
  readonly ending: readonly { readonly role: Role; readonly name: string; readonly notAfter: Date }[];
  readonly liveJoinCodes: number;
  /** Requests that nobody has decided on. */
  readonly waitingRequests: number;
  readonly escrowedRepositories: number;
  /** Copies of the authority itself. */
  readonly backup: BackupStatus;
  readonly log: LogHead;
  /** Copies of the log outside this home. */
  readonly mirrors: readonly MirrorState[];
  /** Those of the network who were refused at the gate in the last day, at most 20. */
  readonly refused: readonly RefusedPeer[];
  /** How often something was refused in the last day, to anybody, by its code: the most frequent first. */
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  /** Sentences about what wants doing. */
  readonly warnings: readonly string[];
}

const endingSoonMs = 7 * dayMs;
const maxEnding = 100;

/** What the status takes from elsewhere than the records. */
interface StatusOptions {
  readonly kitPath?: string;
  readonly mirrors: readonly MirrorState[];
  readonly waitingRefusals: RepeatedRefusals['waiting'];
  readonly countedRefusals: RefusalCounter['waiting'];
}

/** Looks at everything; `kitPath` names the recovery kit when it is still where it was written. */
export async function readStatus(
  context: Upkeep,
  { kitPath, mirrors, waitingRefusals, countedRefusals }: StatusOptions,
): Promise<AuthorityStatus> {
  const { records, present, issuer, log, clock, epoch } = context;
  const nowMs = clock.now();
  const { standing } = present.state;
  const nodes = await records.identities.countLive(nowMs);
  const ending = await records.identities.ending(nowMs, { beforeMs: nowMs + endingSoonMs, limit: maxEnding });
  const recorded = await refusedPeers(records, new Date(nowMs - dayMs));
  const refused = recorded.map((peer) => withWaiting(peer, waitingRefusals));
  return {
    network: issuer.network,
    epoch,
    standing,
    statusAddress: issuer.statusAddress,
    root: certificateStatus(issuer.root, nowMs),
    issuing: certificateStatus(issuer.issuing, nowMs),
    nodes: Object.fromEntries(nodes.map(({ role, n }) => [role, n])),
    ending: ending.map(({ role, name, live_until }) => ({ role, name, notAfter: new Date(live_until) })),
    liveJoinCodes: await records.joinCodes.countLive(nowMs),
    waitingRequests: await records.requests.countPending(nowMs),
    escrowedRepositories: await records.escrows.countRepositories(),
    backup: await readBackupStatus(context),
    log: await log.head(),
    mirrors,
    refused,
    refusals: await refusalCounts(context, { waitingRefusals, countedRefusals }),
    warnings: [
      ...standingWarnings(standing),
      ...kitWarnings(kitPath),
      ...(await custodyWarnings(context)),
      ...policyWarnings(context),
      ...(await backupWarnings(context)),
      ...mirrors.flatMap(mirrorWarnings),
      ...refused.map(refusalWarning),
      ...(await alarmWarnings(context)),
    ],
  };
}

function certificateStatus({ label, certificate }: CaCertificate, nowMs: number): CertificateStatus {
  const { fingerprint, notAfter } = certificate;
  return { label, fingerprint, notAfter, daysLeft: Math.floor((notAfter.getTime() - nowMs) / dayMs) };
}

function standingWarnings(standing: Standing): string[] {
  if (standing === 'ready') return [];
  const { message, hint } = refusalOfStanding(standing);
  return [`${message}: ${hint}`];
}

function kitWarnings(kitPath: string | undefined): string[] {
  return kitPath === undefined ? [] : [`the recovery kit is still at ${kitPath}: move it off this machine`];
}

function mirrorWarnings({ name, sequence, problem }: MirrorState): string[] {
  if (problem === undefined) return [];
  return [`the log mirror ${name} is known to have ${sequence} records, and cannot be written: ${problem}`];
}

function withWaiting(peer: RefusedPeer, waiting: StatusOptions['waitingRefusals']): RefusedPeer {
  const more = waiting.find(({ by, code }) => by === peer.by && code === peer.code)?.count ?? 0;
  return { ...peer, times: peer.times + more };
}

/** With what is not on record yet. */
async function refusalCounts(
  { records, clock }: Upkeep,
  { waitingRefusals, countedRefusals }: Pick<StatusOptions, 'waitingRefusals' | 'countedRefusals'>,
): Promise<AuthorityStatus['refusals']> {
  const times = await refusalsByCause(records, new Date(clock.now() - dayMs));
  const waiting = [...waitingRefusals.map(({ code, count }) => [code, count] as const), ...countedRefusals];
  for (const [code, count] of waiting) times.set(code, (times.get(code) ?? 0) + count);
  const all = [...times].map(([code, count]) => ({ code, times: count }));
  return all.toSorted((one, other) => other.times - one.times || one.code.localeCompare(other.code));
}

function refusalWarning({ by, code, times, last }: RefusedPeer): string {
  const often = times === 1 ? 'once' : `${times} times`;
  return `${by.replace('/', ' ')} was refused ${often} within a day (${code}), recorded last ${last.toISOString()}: holdfast audit list --kind refused --by ${by}`;
}

const maxAlarms = 20;

/** What of clients is not as usual. */
async function alarmWarnings({ records }: Upkeep): Promise<string[]> {
  const alarms = await records.clientAlarms.all();
  const more = alarms.length > maxAlarms ? [`${alarms.length - maxAlarms} more alarms: holdfast nodes`] : [];
  const said = alarms
    .slice(0, maxAlarms)
    .map(
      ({ name, alarm, detail }) =>
        `client ${name} is not as usual (${alarm}): ${detail}; where it is no client's work any more: holdfast node quarantine ${name} --reason TEXT`,
    );
  return [...said, ...more];
}

/** How long nothing is said about backups that somebody makes by hand. */
const patienceMs = 7 * dayMs;

/** How an authority is backed up. */
interface BackupStatus {
  /** The newest on record, wherever it went. */
  readonly newest?: BackupRecord;
  /** Whether they are made by themselves. */
  readonly scheduled: boolean;
  /** When the next one is to be made: as the settings have it, else a week after the newest. */
  readonly dueAt: Date;
}

/** Looks at what is on record about backups. */
async function readBackupStatus({ records, present, upkeep }: Upkeep): Promise<BackupStatus> {
  const backups = await readBackups(records);
  const [newest] = backups;
  const { place, everyMs = patienceMs } = upkeep.backups ?? {};
  const last = place === undefined ? newest : backups.find((backup) => backup.place === placeName(place));
  const lastMs = last?.madeAt.getTime() ?? present.state.created_at;
  const scheduled = place !== undefined;
  // A place that has none yet gets one at once.
  const dueAt = new Date(scheduled && last === undefined ? lastMs : lastMs + everyMs);
  return { ...(newest && { newest }), scheduled, dueAt };
}

/** What is to be said about the backups of an authority, in sentences. */
async function backupWarnings(context: Upkeep): Promise<string[]> {
  const { records, clock, upkeep } = context;
  const backups = await readBackups(records);
  const [newest] = backups;
  if (newest === undefined) return warnOfNone(context);
  const warnings = [...newestOfPlaces(backups).flatMap(problemOf), ...(await mirrorProblems(context))];
  const ageMs = clock.now() - newest.madeAt.getTime();
  const scheduled = upkeep.backups;
  if (scheduled !== undefined && ageMs > 2 * scheduled.everyMs)
    warnings.push(
      `the newest backup of the authority is of ${newest.madeAt.toISOString()}: see the server's log`,
    );
  if (scheduled === undefined && ageMs > patienceMs)
    warnings.push(
      `the newest backup of the authority is of ${newest.madeAt.toISOString()}: holdfast ca backup FILE`,
    );
  if (await isOnSameFileSystem(newest, context.directory))
    warnings.push(
      `the newest backup of the authority, in ${newest.place}, is on the same file system as the authority`,
    );
  return warnings;
}

/** What is older in a place is not what somebody would take. */
function newestOfPlaces(backups: readonly BackupRecord[]): BackupRecord[] {
  const seen = new Set<string>();
  return backups.filter(({ place }) => !seen.has(place) && seen.add(place));
}

function problemOf({ place, name, problem }: BackupRecord): string[] {
  if (problem === undefined) return [];
  const { at, found } = problem;
  return [
    `the backup ${name} in ${place} would not do, as its rehearsal found at ${at.toISOString()} (${found}): ` +
      'holdfast ca backup FILE makes another one',
  ];
}

async function mirrorProblems({ records, upkeep }: Upkeep): Promise<string[]> {
  const rows = await records.mirrors.withProblem();
  const inUse = rows.filter((row) => upkeep.mirrors.some(({ name }) => name === row.name));
  return inUse.map(
    ({ problem, problem_at }) =>
      `a log mirror would not do, as a rehearsal found at ${new Date(problem_at ?? 0).toISOString()}: ${problem}; ` +
      'put an empty file checkpoint.json there, and it is written anew',
  );
}

function warnOfNone({ present, clock, upkeep }: Upkeep): string[] {
  const patience = upkeep.backups === undefined ? patienceMs : 2 * upkeep.backups.everyMs;
  if (clock.now() - present.state.created_at <= patience) return [];
  return [
    'there is no backup of the authority: holdfast ca backup FILE, or authority.backup_to in holdfast.toml',
  ];
}

/** A place that cannot be looked at is no reason to say anything: a medium may be kept in a safe. */
async function isOnSameFileSystem({ place }: BackupRecord, directory: string): Promise<boolean> {
  if (!place.startsWith('/')) return false;
  try {
    const [here, there] = await Promise.all([stat(directory), stat(place)]);
    return here.dev === there.dev;
  } catch {
    return false;
  }
}
