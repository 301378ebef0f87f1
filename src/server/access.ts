import type { Role } from '../pki/index.ts';
import type { Service } from '../policy/index.ts';

/** Who may call a route: anybody, or a peer with one of these roles. */
export type Access = 'anybody' | readonly Role[];

/** One row of the table: which requests, which service of a listener they belong to, who may. */
export interface Route {
  /** `GET`, `POST`, … or `*` for every method. */
  readonly method: string;
  /** The path, or its beginning when it ends with `*`. */
  readonly path: string;
  readonly service: Service;
  readonly access: Access;
  /** Also for a peer whose issuer is revoked: what it needs for another certificate. */
  readonly forRenewal?: true;
}

/**
 * Every route of the server outside the repositories, and who may. The namespaces of repositories come after it:
 * whatever does not begin with `/-/` belongs to the identity that the first segment names.
 */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/-/health', service: 'status', access: 'anybody' },
  { method: 'GET', path: '/-/status/*', service: 'status', access: 'anybody' },
  { method: 'HEAD', path: '/-/status/*', service: 'status', access: 'anybody' },
  { method: 'POST', path: '/-/status/ocsp', service: 'status', access: 'anybody' },
  { method: 'GET', path: '/-/enrol/root', service: 'enrol', access: 'anybody' },
  { method: 'POST', path: '/-/enrol/join', service: 'enrol', access: 'anybody' },
  { method: 'POST', path: '/-/enrol/requests', service: 'enrol', access: 'anybody' },
  { method: 'GET', path: '/-/enrol/requests/*', service: 'enrol', access: 'anybody' },
  { method: 'GET', path: '/-/certsrv', service: 'enrol', access: 'anybody' },
  { method: 'GET', path: '/-/certsrv/*', service: 'enrol', access: 'anybody' },
  { method: 'HEAD', path: '/-/certsrv', service: 'enrol', access: 'anybody' },
  { method: 'HEAD', path: '/-/certsrv/*', service: 'enrol', access: 'anybody' },
  { method: 'POST', path: '/-/certsrv/*', service: 'enrol', access: 'anybody' },
  {
    method: 'POST',
    path: '/-/control/renew',
    service: 'control',
    access: ['client', 'storage', 'server', 'admin'],
    forRenewal: true,
  },
  {
    method: 'GET',
    path: '/-/control/root-crl',
    service: 'control',
    access: ['client', 'storage', 'server', 'admin'],
    forRenewal: true,
  },
  {
    method: 'GET',
    path: '/-/control/trust',
    service: 'control',
    access: ['client', 'storage', 'server', 'admin'],
  },
  { method: 'POST', path: '/-/control/escrow', service: 'control', access: ['client'] },
  { method: 'GET', path: '/-/control/escrow', service: 'control', access: ['client'] },
  { method: 'POST', path: '/-/admin/*', service: 'control', access: ['admin'] },
];

/** What repositories are to a listener, and to whom they are open: each client to its own. */
export const storageRoute: Pick<Route, 'service' | 'access'> = { service: 'storage', access: ['client'] };

/** The row for a request, or undefined when there is none. */
export function findRoute(method: string, path: string): Route | undefined {
  return routes.find(
    (route) => (route.method === '*' || route.method === method) && matches(route.path, path),
  );
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
