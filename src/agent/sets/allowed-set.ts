import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { SentSet } from '../../enrol/index.ts';
import { parseHours, parseSchedule, parseTransferRate } from '../../policy/index.ts';
import { foldersIn, isWithin, leadsTo } from '../jobs/allowed-job.ts';
import type { BackupSet, MachineSet } from './backup-set.ts';
import { parseKeepRule } from './keep-rule.ts';

/** What a set that the server sends is held against. */
interface SetAllowance {
  /** `agent.allow` of the client's policy. */
  readonly allow: readonly string[];
  /** The sets that were made on this machine. */
  readonly own: readonly BackupSet[];
  /** Names of those that the owner does not want. */
  readonly refused: readonly string[];
}

/**
 * Holds a set that the server sends to what the owner of this machine allows, and gives it as it runs here. It takes nothing from the
 * sets of this machine: neither a name, nor the tag by which one's snapshots are found, nor another place than the own repository.
 * @throws HoldfastError `set_refused`, `set_not_allowed`, `set_exists`, and as its schedule, hours and rule are read
 */
export async function allowedSet(sent: SentSet, { allow, own, refused }: SetAllowance): Promise<MachineSet> {
  const { id, name, by, set } = sent;
  if (refused.includes(name))
    throw new HoldfastError(
      'set_refused',
      `the owner of this machine does not want the set ${name} of the server`,
      {
        hint: `where it should run: holdfast set accept ${name}`,
      },
    );
  const taken = own.find((each) => each.name === name);
  if (taken !== undefined)
    throw new HoldfastError(
      'set_exists',
      `this machine has a set ${name} of its own, of ${taken.paths.join(', ')}`,
      {
        hint: `call one of them otherwise: holdfast set rename ${name} NEW-NAME`,
      },
    );
  await checkPaths(name, set.paths, allow);
  for (const hook of [set.before, set.after]) checkSentHook(name, hook, allow);
  const { zone = ownZone(), ...choices } = set;
  parseSchedule(set.every, zone);
  if (set.between !== undefined) parseHours(set.between);
  for (const rate of [set.limitUpload, set.limitDownload]) if (rate !== undefined) parseTransferRate(rate);
  if (set.keep !== undefined) parseKeepRule(set.keep);
  return { ...choices, zone, id: sentSetId(id), name, added: sent.sent, excludeFile: [], sentBy: by };
}

/** By which this machine knows a set that the server sends. */
export function sentSetId(id: string): string {
  return `sent-${id}`;
}

/** The zone of this machine. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

async function checkPaths(name: string, paths: readonly string[], allow: readonly string[]): Promise<void> {
  if (allow.includes('sets')) return;
  const folders = foldersIn(allow, 'sets');
  for (const path of paths)
    if (!(await isInOne(path, folders)))
      throw notAllowed(`a set ${name} that saves ${path}`, allow, [`sets:${path}`]);
}

/** Also through every link, as it is now. */
async function isInOne(path: string, folders: readonly string[]): Promise<boolean> {
  try {
    const real = await leadsTo(path);
    for (const folder of folders) if (isWithin(real, await leadsTo(folder))) return true;
    return false;
  } catch (error) {
    if (isHoldfastError(error, 'job_not_allowed')) return false;
    throw error;
  }
}

function checkSentHook(name: string, hook: string | undefined, allow: readonly string[]): void {
  if (hook === undefined || allow.includes(`hook:${hook}`)) return;
  throw notAllowed(`a set ${name} that runs ${hook}`, allow, [`hook:${hook}`]);
}

function notAllowed(what: string, allow: readonly string[], more: readonly string[]): HoldfastError {
  const allowed = allow.length === 0 ? 'nothing' : allow.join(', ');
  return new HoldfastError(
    'set_not_allowed',
    `the server sends ${what}; the owner of this machine allows ${allowed}`,
    {
      hint: `where it should, on that machine: holdfast client set agent.allow ${[...allow, ...more].join(',')}`,
    },
  );
}
