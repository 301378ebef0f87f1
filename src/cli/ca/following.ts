import { isLoopbackName, parseRequestedNames, portsOf, urlHost } from '../../policy/index.ts';
import { whereNameLeads } from '../home/machine.ts';
import { reachableNames } from '../home/reachable-names.ts';
import { listenersOf, parseSettings, type Settings } from '../home/settings.ts';

/** Whether clients find a server that was moved, as far as names lead today: what each client was told is not recorded. */
export interface Followers {
  /** Addresses that clients were told and that lead to this machine, to a listener that answers them under that name. */
  readonly reachable: readonly string[];
  /** Those that do not; loopback names, which lead each client to itself, are in neither. */
  readonly lost: readonly string[];
  readonly statusAddress: string;
  /** The stable address leads to this machine: clients that reach the server nowhere else ask there. */
  readonly statusLeadsHere: boolean;
}

/** Judges by the settings in the backup, which is what clients were told at the time, and those that are to be. */
export async function whoCanFollow(text: string | undefined, settings: Settings): Promise<Followers> {
  const { statusAddress } = settings;
  const before = text === undefined ? settings : parseSettings(text, 'the settings in the backup');
  const ports = new Set(portsOf(listenersOf(settings), ['storage']));
  const told = toldAddresses(before).filter(({ host }) => !isLoopbackName(host));
  const leading = await Promise.all(
    told.map(
      async ({ host, port }) =>
        ports.has(port) && isCalled(settings, host) && (await whereNameLeads(host)) === 'here',
    ),
  );
  const url = ({ host, port }: { host: string; port: number }): string => `https://${urlHost(host)}:${port}`;
  return {
    reachable: told.filter((_, index) => leading[index]).map(url),
    lost: told.filter((_, index) => !leading[index]).map(url),
    statusAddress,
    statusLeadsHere: await statusLeadsHere(settings),
  };
}

/** Whether any way that clients know leads to this machine; they were told the same, so all of them find it or none. */
export function canFollow({ reachable, statusLeadsHere }: Followers): boolean {
  return reachable.length > 0 || statusLeadsHere;
}

/** Whether the certificate of the server will be for `host`. */
function isCalled({ names }: Settings, host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1);
  return parseRequestedNames(names).names.some(({ value }) => value === host || value === `*.${parent}`);
}

/** Behind a proxy the port of the status address is not one of ours; then the name alone is looked at. */
async function statusLeadsHere(settings: Settings): Promise<boolean> {
  const { hostname, port } = new URL(settings.statusAddress);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isLoopbackName(host) || (await whereNameLeads(host)) !== 'here') return false;
  return port === '' || portsOf(listenersOf(settings), ['status']).includes(Number(port));
}

function toldAddresses(settings: Settings): { host: string; port: number }[] {
  const names = reachableNames(settings.names);
  return portsOf(listenersOf(settings), ['storage']).flatMap((port) => names.map((host) => ({ host, port })));
}
