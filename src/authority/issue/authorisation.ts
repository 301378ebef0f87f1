import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  createName,
  formatGeneralName,
  type GeneralName,
  type Identity,
  identityUri,
  keyAlgorithms,
  keyKind,
  type Name,
  type Role,
} from '../../pki/index.ts';
import {
  checkNames,
  type NameForms,
  type NetworkPolicy,
  type ProfilePolicy,
  parseRequestedNames,
} from '../../policy/index.ts';
import { publicKeyHash, type Records } from '../records/index.ts';
import { checkKeyStrength } from '../signing/index.ts';

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

/**
 * The host names and addresses, as typed, that certificates of `role` are to carry beside the identity.
 * @throws HoldfastError `name_invalid`, also for a role whose certificates carry none; `name_not_permitted`
 */
export function parseAuthorisedNames(
  policy: NetworkPolicy,
  role: Role,
  texts: readonly string[],
): readonly GeneralName[] {
  const { names } = parseRequestedNames(texts, nameFormsOf(policy, role));
  checkNamesOfRole(policy, role, names);
  return names;
}

/** Which forms of names certificates of `role` may carry. */
export function nameFormsOf(policy: NetworkPolicy, role: Role): NameForms {
  return { underscores: policy.profiles[role].underscores, key: `profiles.${role}.underscores` };
}

/** The error for a request that cannot be granted, and how it could be. */
export function requestNotAllowed(message: string, hint: string): HoldfastError {
  return new HoldfastError('request_not_allowed', message, { hint });
}

/** Whether certificates of `role` may carry `names`. Errors as {@link parseAuthorisedNames}. */
export function checkNamesOfRole(policy: NetworkPolicy, role: Role, names: readonly GeneralName[]): void {
  const profile = policy.profiles[role];
  const kinds: readonly string[] = profile.nameKinds;
  const excess = names.find(({ kind }) => !kinds.includes(kind));
  if (excess === undefined) return checkNames(profile, names);
  throw new HoldfastError('name_invalid', `name ${formatGeneralName(excess)}: ${carried(role, kinds)}`);
}

function carried(role: Role, kinds: readonly string[]): string {
  const found = kinds.length === 0 ? 'no names but their own' : `names of the kind ${kinds.join(', ')} alone`;
  return `certificates of the role ${role} carry ${found}`;
}

/**
 * Refuses a public key that can be broken, that the role's profile does not have, that was revoked as compromised, or
 * that was ever certified for somebody else, the authority itself included: two identities with one key could stand in
 * for each other.
 * @throws HoldfastError `key_weak`, `request_not_allowed`, `key_unsupported`, `key_malformed`
 */
export async function checkPublicKey(
  tx: Records,
  spki: Bytes,
  { identity: { role, name }, profile }: { readonly identity: Identity; readonly profile: ProfilePolicy },
): Promise<void> {
  checkKeyStrength(spki);
  const algorithm = keyKind(spki);
  const allowed: readonly string[] = profile.keyAlgorithms;
  if (!allowed.includes(algorithm)) {
    throw requestNotAllowed(
      `a key of the kind ${algorithm} is not allowed for ${role}: expected ${allowed.join(', ')}`,
      keyAlgorithms.some((each) => each === algorithm)
        ? `${newKey}; or allow it at the server: holdfast policy set profiles.${role}.keyAlgorithms ${[...allowed, algorithm].join(',')}`
        : newKey,
    );
  }
  const publicKey = publicKeyHash(spki);
  const { isCompromised, isForeign } = await tx.certificates.useOfKey(publicKey, { role, name });
  if (isCompromised) throw requestNotAllowed('the public key was revoked as compromised', newKey);
  if (isForeign || (await tx.issuers.hasKey(publicKey)))
    throw requestNotAllowed('the public key belongs to another identity', newKey);
}

/** What helps where a key will not do. */
export const newKey = 'make a new key, P-256 for example, and a new request with it';
