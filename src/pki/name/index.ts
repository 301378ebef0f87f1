/**
 * Names: of identities, of subjects, of hosts and addresses, and what a certificate may be made out to (RFC 5280 §4.1.2.4, §4.2.1.6,
 * §4.2.1.10).
 */
export {
  formatGeneralName,
  type GeneralName,
  readGeneralName,
  readGeneralNames,
  readOtherName,
  writeGeneralName,
  writeGeneralNames,
} from './general-name.ts';
export {
  type Identity,
  identityUri,
  isNamePattern,
  isNetworkName,
  isNodeName,
  matchesNamePattern,
  networkUri,
  parseIdentityUri,
  parseNetworkUri,
  type Role,
  roles,
} from './identity.ts';
export {
  formatIpAddress,
  type IpRange,
  isIpWithin,
  parseIpAddress,
  parseIpRange,
  placeOfAddress,
} from './ip-address.ts';
export {
  type AttributeShortName,
  attributeOids,
  commonName,
  createName,
  equalNames,
  formatName,
  inDerOrder,
  isNameWithin,
  type Name,
  type NameAttribute,
  nameKey,
  parseName,
  type Rdn,
  readName,
  readRdn,
  writeName,
} from './name.ts';
export {
  formatSubtree,
  type GeneralSubtree,
  type NameConstraints,
  readNameConstraints,
  writeNameConstraints,
} from './name-constraints.ts';
export {
  attributeProblem,
  createSubject,
  isHostName,
  issuerNameProblem,
  looksLikeHost,
  restateSubject,
  type SubjectAttributes,
  unseenCharacter,
} from './subject.ts';
