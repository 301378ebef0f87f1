import { isIpWithin, parseIpAddress, parseIpRange } from '../pki/index.ts';
import type { ListenerPolicy, Service } from './listener-policy.ts';
import { parseRequestedNames } from './requested-names.ts';

/**
 * `host:port` under each of `names` of the listeners that offer all of `services`: every address that anybody is told comes
 * from here, be it in a join code, in a URL inside certificates or in a line for people.
 */
export function addressesOf(
  listeners: readonly ListenerPolicy[],
  services: readonly Service[],
  names: readonly string[],
): string[] {
  return portsOf(listeners, services).flatMap((port) => names.map((name) => `${urlHost(name)}:${port}`));
}

/** The ports of the listeners that offer all of `services`. */
export function portsOf(listeners: readonly ListenerPolicy[], services: readonly Service[]): number[] {
  return listeners
    .filter((listener) => services.every((service) => listener.services.includes(service)))
    .map(({ address }) => address.port);
}

/**
 * Those of a server's names, as typed, under which it can be called: all but the patterns, which stand in its
 * certificate for many. In the form in which they stand in URLs, best first: loopback names are at the end.
 * @throws HoldfastError `name_invalid` for what is no name
 */
export function reachableNames(texts: readonly string[]): string[] {
  const single = texts.flatMap((text) => text.split(',')).filter((text) => !text.includes('*'));
  return loopbackLast(parseRequestedNames(single).names.map(({ value }) => value));
}

/** A name as the host of a URL (RFC 3986 §3.2.2). */
export function urlHost(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}

/** What a listener asks of whoever comes, for people: `TLS 1.3, client certificates required`. */
export function describeListener({ kind, minimumVersion, clientCertificate }: ListenerPolicy): string {
  if (kind === 'plain') return 'plain HTTP';
  const version = minimumVersion === 'TLSv1.3' ? 'TLS 1.3' : 'TLS 1.2 or later';
  return `${version}, ${certificates[clientCertificate]}`;
}

const certificates: Readonly<Record<ListenerPolicy['clientCertificate'], string>> = {
  require: 'client certificates required',
  warn: 'client certificates asked for',
  off: 'no client certificates',
};

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
