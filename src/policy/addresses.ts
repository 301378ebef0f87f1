import type { ListenerPolicy, Service } from './listener-policy.ts';
import { loopbackLast } from './loopback-name.ts';
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
