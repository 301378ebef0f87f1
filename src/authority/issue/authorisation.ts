import { createName, type GeneralName, type Identity, identityUri, type Name } from '../../pki/index.ts';

/** What was authorised: the only source of what a node's certificate says about it. */
export interface Authorisation {
  readonly identity: Identity;
  /** The distinguished name; the identity's name as CN unless said. */
  readonly subject?: Name;
  /** Host names and addresses, for roles that have them. */
  readonly names: readonly GeneralName[];
}

/** The subject that was authorised for a node's certificate. */
export function subjectOf({ identity, subject }: Omit<Authorisation, 'names'>): Name {
  return subject ?? createName({ CN: identity.name });
}

/** All names of a node's certificate, the identity first. */
export function subjectAltNamesOf({ identity, names }: Authorisation): GeneralName[] {
  return [{ kind: 'uri', value: identityUri(identity) }, ...names];
}
