import { loopbackLast } from '../../policy/index.ts';
import { machineNames, whereNameLeads } from '../home/machine.ts';
import { reachableNames } from '../home/reachable-names.ts';
import { listenersOf, parseSettings, type Settings } from '../home/settings.ts';

/** A setting that is another one than in the backup. */
export interface SettingChange {
  readonly key: string;
  readonly before: string;
  readonly now: string;
}

/**
 * The settings of a restored authority: those of the backup, with the names of this machine for those of the old one.
 * Names of the old one that lead here stay, since clients know them.
 */
export async function proposeSettings(
  kept: Settings,
  {
    names,
    port,
    database: url,
  }: { readonly names?: readonly string[]; readonly port?: number; readonly database?: string },
): Promise<Settings> {
  const { database: _before, ...others } = kept;
  const moved = {
    ...others,
    // The database of the old one still has the old one's records.
    ...(url !== undefined && { database: { url } }),
    names: names === undefined ? await namesHere(kept) : [...names],
    port: port ?? kept.port,
  };
  return { ...moved, ...stableStatus(kept, moved) };
}

/** Where the port changes, the status listener stays at the address that stands in every certificate. */
function stableStatus(kept: Settings, { port }: Settings): Pick<Settings, 'listeners'> {
  const statusPort = Number(new URL(kept.statusAddress).port);
  const wasThere = listenersOf(kept).some(({ address }) => address.port === statusPort);
  const moved = listenersOf({ ...kept, port });
  const isTaken = moved.some(({ address }) => address.port === statusPort);
  if (kept.listeners !== undefined || port === kept.port || !wasThere || isTaken) return {};
  return {
    listeners: moved.map((listener) =>
      listener.kind === 'plain' ? { ...listener, address: { port: statusPort } } : listener,
    ),
  };
}

/** What differs between the settings in a backup and those that are to be. */
export function differences(text: string | undefined, settings: Settings): SettingChange[] {
  if (text === undefined) return [];
  const before = parseSettings(text, 'the settings in the backup');
  return (Object.keys({ ...before, ...settings }) as (keyof Settings)[])
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(settings[key]))
    .map((key) => ({ key, before: show(before, key), now: show(settings, key) }));
}

async function namesHere({ names, statusAddress }: Settings): Promise<string[]> {
  const known = reachableNames([...names, new URL(statusAddress).hostname]);
  const where = await Promise.all(known.map(whereNameLeads));
  const leadingTo = (place: 'here' | 'loopback'): string[] =>
    known.filter((_, index) => where[index] === place);
  return loopbackLast([
    ...new Set([...leadingTo('here'), ...leadingTo('loopback'), ...(await machineNames())]),
  ]);
}

/** For people: of listeners, which differ in their ports alone, the ports. */
function show(settings: Settings, key: keyof Settings): string {
  if (key === 'listeners')
    return listenersOf(settings)
      .map(({ name, address }) => `${name} ${address.port}`)
      .join(', ');
  const value = settings[key];
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
