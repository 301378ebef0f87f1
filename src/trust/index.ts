/**
 * Whom to believe, and where this machine's own secrets are kept.
 *
 * `validatePath` judges a chain by RFC 5280 §6 at a moment that is passed in, in bounded time whatever a stranger sends;
 * `verifyIdentity` adds who that makes the peer in our network, `verifyServerName` whether a server is the one that was
 * called. Of revocation only the lists of roots are looked at here, which say whom not to believe any more as an issuer; a
 * node's own certificate is for whoever knows the serial numbers. The keystore holds keys and
 * secrets encrypted under its stash; the trust bundle says which roots speak for which network.
 */

export {
  bearerHeader,
  bearerTokenHash,
  createBearerToken,
  parseBearerToken,
  readShownToken,
  type ShownToken,
} from './bearer-token.ts';
export { forbiddenName } from './check-name-constraints.ts';
export { checkServerUse, type Purpose } from './check-path.ts';
export type { PolicyRequest } from './check-policies.ts';
export {
  askRevocation,
  type FetchEvidence,
  type RevocationEvidence,
  type RevocationStatus,
  revocationStatus,
} from './check-revocation.ts';
export { checkChosenLeaf, sharedKeys, standsAlone } from './chosen-certificate.ts';
export { installInto, readInstalled, uninstallFrom } from './installed-roots.ts';
export { Keystore, type KeystoreEditor, type OpenKeystoreOptions, serverLabel } from './keystore.ts';
export { passphraseIdentity, passphraseRecipient } from './passphrase.ts';
export {
  isMemberOf,
  readShare,
  type Share,
  shareFile,
  writeShare,
  writeSharedFile,
} from './private-file.ts';
export {
  isRevokedByRoot,
  loadRootLists,
  type RootList,
  readRootList,
  saveRootLists,
  type TrustAnchor,
  tellsMore,
  trustAnchor,
  withRootList,
} from './root-list.ts';
export {
  decodeLocalTrust,
  encodeLocalTrust,
  formatTrustBundle,
  loadTrustBundle,
  parseTrustBundle,
  saveTrustBundle,
  singleRootBundle,
  type TrustBundle,
} from './trust-bundle.ts';
export { findTrustStores, type StoreCommand, type StoreScope, type TrustStore } from './trust-stores.ts';
export { type ValidPath, validatePath } from './validate-path.ts';
export { verifyIssuing } from './verify-issuing.ts';
export { verifyReleaseSigner } from './verify-release-signer.ts';
export {
  boundAnchors,
  checkRole,
  serverAddress,
  type VerifiedIdentity,
  verifyIdentity,
  verifyServer,
  verifyServerName,
} from './verify-server.ts';
