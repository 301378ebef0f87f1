/**
 * HTTP around the parts that decide. A route is a value in the file of its service, `routes.ts` is the one table of them,
 * and `dispatch.ts` asks it who may before anything runs; storage has streams of its own. A server holds no
 * key to anybody's data and contains no backup engine.
 */

export { BindingDesk, type BindingPlace, noToldRoots } from './change-binding.ts';
export { startLinkService } from './links/link-service.ts';
export { checkReachability, isReachable, moveHere, type Reachability, servesStatus } from './moved-server.ts';
export { offlineReplicaDesks } from './replicas/offline-desks.ts';
export type { Route } from './route.ts';
export { routes } from './routes.ts';
export { type SelfSigned, selfSigned } from './self-signed.ts';
export { ServerCredentials } from './server-credentials.ts';
export { startAuthorityServer } from './start-authority-server.ts';
export { rosterContext, startStorageServer } from './start-storage-server.ts';
export { KeptView } from './storage-node/kept-view.ts';
export { startStorageNode } from './storage-node/start-storage-node.ts';
export { StorePlace } from './store-place.ts';
export { StoreTrash } from './store-trash.ts';
export { describeBinding, readBindings, ServerBindings } from './tls-bindings.ts';
