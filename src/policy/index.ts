/**
 * What may be chosen: how a server listens, how a node dials, what the certificates of a role look like, what nodes and
 * networks may be called. Each choice has a schema, which parses it at the door, and a default that is the strongest
 * of them; `weakerThanDefault` says in words what a choice gives up. Values only: nothing here opens a socket or a file.
 */
export {
  addressesOf,
  describeListener,
  isLoopbackName,
  loopbackLast,
  namesForCodes,
  namesToTell,
  portsOf,
  reachableNames,
  urlHost,
} from './addresses.ts';
export {
  type ClientKey,
  ClientPolicy,
  changeClientPolicy,
  clientKeys,
  clientPolicyHeader,
  clientValueText,
  defaultClientPolicy,
  parseClientPolicy,
  readToldPolicy,
  tellClientPolicy,
  weakerClientPolicy,
  weakerConnection,
} from './client-policy.ts';
export { isWithin, parseHours } from './hours.ts';
export {
  defaultListeners,
  defaultPortFor,
  ListenerPolicy,
  linksListener,
  listenersOf,
  parseListeners,
  Service,
} from './listener-policy.ts';
export { checkNames } from './name-policy.ts';
export { checkListenerKeys, withNetworkListeners } from './network-listeners.ts';
export {
  authorityProfiles,
  backdateMs,
  cutsPlain,
  defaultNetworkPolicy,
  defaultProfiles,
  minCrlIntervalMs,
  NetworkPolicy,
  parseNetworkPolicy,
  revocationProfiles,
} from './network-policy.ts';
export {
  checkNetworkName,
  checkNodeName,
  isNodeName,
  localName,
  reservedNames,
  serverPlace,
  slug,
} from './node-name.ts';
export {
  changePolicy,
  defaultPolicyText,
  type PolicyDifference,
  policyDifferences,
  policyEntries,
  weakerPolicyKeys,
  weakerThanDefault,
} from './policy-keys.ts';
export { needsRenewal, type ProfilePolicy, renewalTime } from './profile-policy.ts';
export {
  type HostName,
  type NameForms,
  parseRequestedNames,
  type RequestedNames,
} from './requested-names.ts';
export { type LockPeriod, snapshotLockedUntil, trashLockedUntil } from './retention-lock.ts';
export {
  defaultSpreadMs,
  dueRun,
  longestSpreadMs,
  nextRun,
  offsetOf,
  parseSchedule,
  scheduleForm,
} from './schedule.ts';
export { KeyExchangeGroup, levelOf, TlsVersion, tlsLevels } from './tls-level.ts';
export { parseTransferRate, rateAt, transferRateForm } from './transfer-rate.ts';
