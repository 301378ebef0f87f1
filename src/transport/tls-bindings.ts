import type { Credentials } from './credentials.ts';

/** Certificates that are shown instead of the server's own. */
export interface TlsBindings {
  /** To whoever names this host (SNI), in lower case; `*.example.com` for every name one label below. */
  readonly hosts: ReadonlyMap<string, Credentials>;
  /** To whoever comes to the listener of this name and names no host that has one. */
  readonly listeners: ReadonlyMap<string, Credentials>;
}

/** Nothing but the server's own certificate. */
export const noBindings: TlsBindings = { hosts: new Map(), listeners: new Map() };

/** What is shown to whoever names `host`, or undefined when nothing is bound to it. */
export function boundTo({ hosts }: TlsBindings, host: string): Credentials | undefined {
  const name = host.replace(/\.$/, '').toLowerCase();
  return hosts.get(name) ?? hosts.get(`*${name.slice(name.indexOf('.'))}`);
}
