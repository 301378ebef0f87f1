import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { isLoopbackName, isNodeName, reservedNames } from '../policy/index.ts';

/** This machine's host name, lower case, with whatever the name of a node cannot have replaced by `-`. */
export function machineName(): string {
  const text = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-');
  const [, name = ''] = /^[.-]*([a-z0-9](?:[.-]*[a-z0-9])*)/.exec(text.slice(0, 63)) ?? [];
  return isNodeName(name) && !reservedNames.includes(name) ? name : 'machine';
}

/**
 * What this machine is called by others, the best name for URLs first: its host name when that leads here, and its
 * addresses. At the end what it is called by itself alone.
 */
export async function machineNames(): Promise<string[]> {
  const own = ownAddresses();
  const name = machineName();
  const isKnown = (await whereNameLeads(name)) !== 'elsewhere';
  // A name that leads nowhere, on a machine without any address, is of use to nobody.
  const others = isKnown ? [name, ...own] : own.length > 0 ? [...own, name] : [];
  return [...new Set([...others, 'localhost', '127.0.0.1', '::1'])];
}

/**
 * Where a host name or address leads, as far as can be seen from here: to an address of this machine; to its loopback
 * interface, which says nothing of where it leads from other machines; elsewhere, or nowhere.
 */
export async function whereNameLeads(host: string): Promise<'here' | 'loopback' | 'elsewhere'> {
  const own = ownAddresses();
  const found = await lookup(host, { all: true }).catch(() => []);
  if (found.some(({ address }) => own.includes(address))) return 'here';
  return found.some(({ address }) => isLoopbackName(address)) ? 'loopback' : 'elsewhere';
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}
