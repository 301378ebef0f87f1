import { agentRoutes } from './agents/agent-routes.ts';
import { certsrvRoutes } from './certsrv/certsrv-routes.ts';
import { adminRoutes, controlRoutes } from './control-routes.ts';
import { enrolRoutes } from './enrol-routes.ts';
import { grantRoutes } from './grants/grant-routes.ts';
import { openApiRoute } from './openapi.ts';
import { orderRoutes } from './orders/order-routes.ts';
import { releaseRoutes } from './release-routes.ts';
import { requestRoutes } from './request-routes.ts';
import type { Call, Route } from './route.ts';
import { crlRoutes, metricsRoute, ocspRoutes, statusRoutes } from './status-routes.ts';
import { viewRoutes } from './views/view-routes.ts';

/**
 * Every route of the server outside the repositories, as `docs/reference/api.md` shows them. The namespaces of repositories come
 * after them: whatever does not begin with `/-/` belongs to the identity that the first segment names.
 */
export const routes: readonly Route[] = [
  ...statusRoutes,
  metricsRoute,
  ...crlRoutes,
  ...ocspRoutes,
  ...releaseRoutes,
  ...enrolRoutes,
  ...requestRoutes,
  ...certsrvRoutes,
  ...controlRoutes,
  ...agentRoutes,
  ...orderRoutes,
  ...grantRoutes,
  ...viewRoutes,
  ...adminRoutes,
  openApiRoute(() => routes),
];

/** What repositories are to a listener, and to whom they are open: each client to its own. */
export const storageRoute: Pick<Route, 'service' | 'access'> = { service: 'storage', access: ['client'] };

/** The same of copies, which other nodes make and read; the gate of copies says who may what. */
export const replicaRoute: Pick<Route, 'service' | 'access'> = {
  service: 'storage',
  access: ['client', 'storage', 'server'],
};

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

/** The longest word that stands for something. */
const maxWordLength = 100;

/**
 * What stands where `pattern` has `:word`, decoded, or undefined when `path` is another one. A pattern that ends with a star
 * takes whatever follows.
 */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1)) ? {} : undefined;
  if (!pattern.includes(':')) return path === pattern ? {} : undefined;
  const given = path.split('/');
  const wanted = pattern.split('/');
  if (given.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, form] of wanted.entries()) {
    const segment = given[at] ?? '';
    if (!form.startsWith(':')) {
      if (segment !== form) return undefined;
      continue;
    }
    const [word = '', ending = ''] = form.slice(1).split(/(?=\.)/);
    const value = segment.endsWith(ending) ? decoded(segment.slice(0, segment.length - ending.length)) : '';
    if (value === '' || value.length > maxWordLength) return undefined;
    params[word] = value;
  }
  return params;
}

/** Nothing for what is no encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
