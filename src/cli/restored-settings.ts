import { isLocalAddress, machineNames } from './machine.ts';
import { reachableNames } from './reachable-names.ts';
import { parseSettings, type Settings } from './settings.ts';

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
  { names, port }: { readonly names?: readonly string[]; readonly port?: number },
): Promise<Settings> {
  return {
    ...kept,
    names: names === undefined ? await namesHere(kept) : [...names],
    port: port ?? kept.port,
  };
}

/** What differs between the settings in a backup and those that are to be. */
export function differences(text: string | undefined, settings: Settings): SettingChange[] {
  if (text === undefined) return [];
  const before = parseSettings(text, 'the settings in the backup');
  return (Object.keys({ ...before, ...settings }) as (keyof Settings)[])
    .map((key) => ({ key, before: show(before[key]), now: show(settings[key]) }))
    .filter((change) => change.before !== change.now);
}

async function namesHere({ names, statusAddress }: Settings): Promise<string[]> {
  const known = reachableNames([...names, new URL(statusAddress).hostname]);
  const leading = await Promise.all(known.map(isLocalAddress));
  const stay = known.filter((_, index) => leading[index]);
  return [...new Set([...stay, ...(await machineNames())])];
}

function show(value: Settings[keyof Settings]): string {
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
