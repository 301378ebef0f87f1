import { isIpWithin, parseIpAddress, parseIpRange } from '../pki/index.ts';

const ownRanges = ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128', '::ffff:127.0.0.0/104'].flatMap(
  (text) => parseIpRange(text) ?? [],
);
const hostsFileNames = ['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'];

/**
 * Whether a host name or address, also as it stands in a URL, means to every machine that machine itself (RFC 6761 §6.3,
 * RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). That such a name leads here says nothing of who else finds this machine by it.
 */
export function isLoopbackName(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$|\.$/g, '');
  const address = parseIpAddress(name);
  if (address !== undefined) return ownRanges.some((range) => isIpWithin(address, range));
  return hostsFileNames.includes(name) || name.endsWith('.localhost');
}

/** The names in their order, but those that lead every machine to itself at the end. */
export function loopbackLast(names: readonly string[]): string[] {
  return [...names.filter((name) => !isLoopbackName(name)), ...names.filter(isLoopbackName)];
}

/** What other machines are told of a server's names, best first: no loopback names, but for one where there are no others. */
export function namesToTell(names: readonly string[]): readonly string[] {
  const others = names.filter((name) => !isLoopbackName(name));
  return others.length > 0 ? others : names.slice(0, 1);
}

/** Those of them that go into a join code, which should stay short. */
export function namesForCodes(names: readonly string[]): readonly string[] {
  return namesToTell(names).slice(0, 3);
}
