import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { secondMs } from '../../base/index.ts';
import { isWithin, parseHours } from '../../policy/index.ts';
import type { BackupSet } from './backup-set.ts';

/** What a set asks for before it begins by itself. */
type Conditions = Pick<BackupSet, 'onMains' | 'unmetered' | 'between' | 'zone'>;

/** What is asked about this machine; undefined where the system does not tell. */
export interface Surroundings {
  readonly nowMs: number;
  readonly isOnMains: () => Promise<boolean | undefined>;
  readonly isMetered: () => Promise<boolean | undefined>;
}

/** The machine as it is. */
export function surroundings(nowMs: number): Surroundings {
  return { nowMs, isOnMains: () => isOnMains(powerSupplies), isMetered };
}

/**
 * Why a set does not begin now, in a few words; undefined when nothing keeps it. What the system does not tell keeps nobody from
 * backing up.
 */
export async function whatKeeps(set: Conditions, around: Surroundings): Promise<string | undefined> {
  const { onMains = false, unmetered = false, between, zone } = set;
  if (between !== undefined && !isWithin(parseHours(between), around.nowMs, zone))
    return `it is not between ${between.replace('-', ' and ')} (${zone})`;
  if (onMains && (await around.isOnMains()) === false) return 'this machine runs on its battery';
  if (unmetered && (await around.isMetered()) === true) return 'the line of this machine is metered';
  return undefined;
}

/** sysfs-class-power, the ABI of the kernel. */
const powerSupplies = '/sys/class/power_supply';

/** Whether current comes from outside: some supply that is no battery is online, or none of this machine's batteries is drained. */
export async function isOnMains(directory: string): Promise<boolean | undefined> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return undefined;
  const supplies = await Promise.all(names.map((name) => readSupply(join(directory, name))));
  // That of a mouse says nothing of the machine.
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  if (own.some(({ type, online }) => type !== 'Battery' && online === '1')) return true;
  return !own.some(({ type, status }) => type === 'Battery' && status === 'Discharging');
}

async function readSupply(directory: string): Promise<Readonly<Record<string, string>>> {
  const read = async (key: string): Promise<[string, string]> => [
    key,
    (await readFile(join(directory, key), 'latin1').catch(() => '')).trim(),
  ];
  return Object.fromEntries(await Promise.all(['type', 'online', 'status', 'scope'].map(read)));
}

const networkManager = 'org.freedesktop.NetworkManager';
/** NMMetered of NetworkManager's D-Bus interface: yes, and yes as it guesses. */
const meteredAnswer = /^u [13]$/;

async function isMetered(): Promise<boolean | undefined> {
  const path = `/${networkManager.replaceAll('.', '/')}`;
  const words = ['get-property', networkManager, path, networkManager, 'Metered'];
  const said = await promisify(execFile)('busctl', words, { timeout: 5 * secondMs }).catch(() => undefined);
  return said && meteredAnswer.test(said.stdout.trim());
}
