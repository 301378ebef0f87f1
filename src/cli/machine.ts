import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { isNodeName, reservedNames } from '../policy/index.ts';

/** This machine's host name, lower case, with whatever the name of a node cannot have replaced by `-`. */
export function machineName(): string {
  const text = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-');
  const [, name = ''] = /^[.-]*([a-z0-9](?:[.-]*[a-z0-9])*)/.exec(text.slice(0, 63)) ?? [];
  return isNodeName(name) && !reservedNames.includes(name) ? name : 'machine';
}

/**
 * What this machine is called by others, the best name for URLs first: its host name when that leads here, else
 * `localhost`, else 127.0.0.1; then its addresses.
 */
export async function machineNames(): Promise<string[]> {
  const own = ownAddresses();
  const name = machineName();
  const known = await Promise.all([name, 'localhost'].map((each) => leadsHere(each, own)));
  const [best = '127.0.0.1'] = [name, 'localhost'].filter((_, index) => known[index]);
  return [...new Set([best, 'localhost', name, ...own, '127.0.0.1', '::1'])];
}

/** Whether a host name or address leads to this machine, as far as can be seen from here. */
export async function isLocalAddress(host: string): Promise<boolean> {
  return await leadsHere(host, ownAddresses());
}

async function leadsHere(name: string, own: readonly string[]): Promise<boolean> {
  return await lookup(name).then(
    ({ address }) => isLoopback(address) || own.includes(address),
    () => false,
  );
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
