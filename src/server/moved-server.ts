import {
  isLoopbackName,
  type ListenerPolicy,
  listenersOf,
  loopbackLast,
  parseRequestedNames,
  portsOf,
  reachableNames,
  urlHost,
} from '../policy/index.ts';
import { machineNames, whereNameLeads } from '../transport/index.ts';

/** Where a server is, and what it is called: its settings, as far as those who look for it are concerned. */
export interface ServerPlace {
  readonly names: readonly string[];
  readonly port: number;
  readonly statusAddress: string;
  readonly listeners?: readonly ListenerPolicy[] | undefined;
}

/** What somebody says of the new place. */
export interface SaidPlace {
  readonly names?: readonly string[] | undefined;
  readonly port?: number | undefined;
}

/**
 * Moves a server to this machine: names and ports that are said, else those of before. Of names, those stay that lead here,
 * since clients know them, and this machine's own take the place of the others.
 */
export async function moveHere<Place extends ServerPlace>(
  kept: Place,
  { names, port = kept.port }: SaidPlace,
): Promise<Place & { names: string[]; port: number }> {
  const moved = { ...kept, names: names === undefined ? await namesHere(kept) : [...names], port };
  return { ...moved, ...stableStatus(kept, moved) };
}

/** Where the port changes, the status listener stays at the address that stands in every certificate. */
function stableStatus(kept: ServerPlace, { port }: ServerPlace): { listeners?: ListenerPolicy[] } {
  const statusPort = Number(new URL(kept.statusAddress).port);
  const wasThere = listenersOf(kept).some(({ address }) => address.port === statusPort);
  const moved = listenersOf({ port });
  const isTaken = moved.some(({ address }) => address.port === statusPort);
  if (kept.listeners !== undefined || port === kept.port || !wasThere || isTaken) return {};
  return {
    listeners: moved.map((listener) =>
      listener.kind === 'plain' ? { ...listener, address: { port: statusPort } } : listener,
    ),
  };
}

async function namesHere({ names, statusAddress }: ServerPlace): Promise<string[]> {
  const known = reachableNames([...names, hostOf(statusAddress)]);
  const where = await Promise.all(known.map(whereNameLeads));
  const leadingTo = (place: 'here' | 'loopback'): string[] =>
    known.filter((_, index) => where[index] === place);
  return loopbackLast([
    ...new Set([...leadingTo('here'), ...leadingTo('loopback'), ...(await machineNames())]),
  ]);
}

/** Whether clients find a server that was moved, as far as names lead today: what each client was told is not recorded. */
export interface Reachability {
  /** Addresses that clients were told and that lead to this machine, to a listener that answers them under that name. */
  readonly reachable: readonly string[];
  /** Those that do not; loopback names, which lead each client to itself, are in neither. */
  readonly lost: readonly string[];
  readonly statusAddress: string;
  /** The stable address leads to this machine: clients that reach the server nowhere else ask there. */
  readonly statusLeadsHere: boolean;
}

/** Judges by where the server was, which is what clients were told at the time, and where it is to be. */
export async function checkReachability(before: ServerPlace, now: ServerPlace): Promise<Reachability> {
  const ports = new Set(portsOf(listenersOf(now), ['storage']));
  const told = toldAddresses(before).filter(({ host }) => !isLoopbackName(host));
  const leading = await Promise.all(
    told.map(
      async ({ host, port }) =>
        ports.has(port) && isCalled(now, host) && (await whereNameLeads(host)) === 'here',
    ),
  );
  const url = ({ host, port }: { host: string; port: number }): string => `https://${urlHost(host)}:${port}`;
  return {
    reachable: told.filter((_, index) => leading[index]).map(url),
    lost: told.filter((_, index) => !leading[index]).map(url),
    statusAddress: now.statusAddress,
    statusLeadsHere: await statusLeadsHere(now),
  };
}

/** Whether any way that clients know leads to this machine; they were told the same, so all of them find it or none. */
export function isReachable({ reachable, statusLeadsHere }: Reachability): boolean {
  return reachable.length > 0 || statusLeadsHere;
}

/**
 * Whether a listener is on the port that certificates name for revocation lists. Behind a proxy, where they name none, that
 * cannot be seen.
 */
export function servesStatus(place: ServerPlace): boolean {
  const { port } = new URL(place.statusAddress);
  return port === '' || portsOf(listenersOf(place), ['status']).includes(Number(port));
}

/** Whether the certificate of the server will be for `host`. */
function isCalled({ names }: ServerPlace, host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1);
  return parseRequestedNames(names).names.some(({ value }) => value === host || value === `*.${parent}`);
}

async function statusLeadsHere(place: ServerPlace): Promise<boolean> {
  const host = hostOf(place.statusAddress);
  if (isLoopbackName(host) || (await whereNameLeads(host)) !== 'here') return false;
  return servesStatus(place);
}

function toldAddresses(place: ServerPlace): { host: string; port: number }[] {
  const names = reachableNames(place.names);
  return portsOf(listenersOf(place), ['storage']).flatMap((port) => names.map((host) => ({ host, port })));
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}
