import { adminRoutes } from './admin-routes.ts';
import { certsrvRoutes } from './certsrv/certsrv-routes.ts';
import { controlRoutes } from './control-routes.ts';
import { crlRoutes } from './crl-route.ts';
import { enrolRoutes } from './enrol-routes.ts';
import { matchPath } from './match-path.ts';
import { ocspRoutes } from './ocsp-routes.ts';
import { openApiRoute } from './openapi.ts';
import { requestRoutes } from './request-routes.ts';
import type { Call, Route } from './route.ts';
import { statusRoutes } from './status-routes.ts';

/**
 * Every route of the server outside the repositories, as `docs/reference/api.md` shows them. The namespaces of repositories come
 * after them: whatever does not begin with `/-/` belongs to the identity that the first segment names.
 */
export const routes: readonly Route[] = [
  ...statusRoutes,
  ...crlRoutes,
  ...ocspRoutes,
  ...enrolRoutes,
  ...requestRoutes,
  ...certsrvRoutes,
  ...controlRoutes,
  ...adminRoutes,
  openApiRoute(() => routes),
];

/** What repositories are to a listener, and to whom they are open: each client to its own. */
export const storageRoute: Pick<Route, 'service' | 'access'> = { service: 'storage', access: ['client'] };

/** A route, and what its path says. */
export interface FoundRoute extends Pick<Call, 'params'> {
  readonly route: Route;
}

/** The route for a request, or undefined when there is none. */
export function findRoute(method: string, path: string): FoundRoute | undefined {
  for (const route of routes) {
    if (method !== route.method && (method !== 'HEAD' || route.head !== true)) continue;
    const params = matchPath(route.path, path);
    if (params !== undefined) return { route, params };
  }
  return undefined;
}
