/**
 * HTTP around the parts that decide. `access.ts` is the one table of routes and who may call them, `dispatch.ts` asks it
 * before anything runs; storage streams past the framework, everything below `/-/` goes through it. A server holds no
 * key to anybody's data and contains no backup engine.
 */

export { bindCertificate, unbindCertificate } from './change-binding.ts';
export { bindingTarget, checkBinding, checkPair, covers, hostsOf } from './check-binding.ts';
export { ServerCredentials } from './server-credentials.ts';
export { startServer } from './start-server.ts';
export { StorePlace } from './store-place.ts';
export {
  type BindingTarget,
  bindingName,
  boundCertificates,
  readBindings,
  ServerBindings,
} from './tls-bindings.ts';
