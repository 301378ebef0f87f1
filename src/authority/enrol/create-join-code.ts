import { randomBytes } from 'node:crypto';
import { type Bytes, dayMs, HoldfastError, Secret } from '../../base/index.ts';
import { isEnrolAddress, type JoinCode, joinSecretBytes } from '../../enrol/index.ts';
import { type Identity, isNamePattern, type Role } from '../../pki/index.ts';
import { checkNodeName, type NetworkPolicy } from '../../policy/index.ts';
import { type Issuing, parseAuthorisedNames } from '../issue/index.ts';
import { kinds } from '../log/index.ts';
import { identityLabel, type Records, reissueCommand } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';
import { insertJoinCode } from './join-codes.ts';

/** What a join code is to stand for. */
export interface JoinCodeOrder {
  readonly role: Role;
  /** A name, or a pattern: a name with one `*` in it, for several machines. */
  readonly name: string;
  /** How many machines may use it, where it is for a pattern; 1 unless said. */
  readonly uses?: number;
  /** Host names and addresses for its certificates, for roles that have them. */
  readonly names?: readonly string[];
  /** A day from now unless said. */
  readonly expiresAt?: Date;
  /** `host:port` of the listeners that enrol, best first. */
  readonly addresses: readonly string[];
  /** For a name that was issued before: the same identity again, its older certificates revoked when it is used. */
  readonly reissue?: boolean;
  /** Who makes it, for the log; `admin/local` unless said. */
  readonly by?: string;
}

/**
 * Makes a join code: for one name and one use, or for a pattern of names and as many uses as are said.
 * @throws HoldfastError `name_invalid`, `name_reserved`; `name_taken` for a name that was issued before when this is no
 *   reissue code, and for one that was not when it is; `input_invalid`
 */
export async function createJoinCode(context: Issuing, order: JoinCodeOrder): Promise<JoinCode> {
  const { role, name, names = [], uses = 1, addresses, reissue = false, by = 'admin/local' } = order;
  const { records, issuer, log, clock, present } = context;
  checkStanding(context);
  const createdAt = clock.now();
  const expiresAt = order.expiresAt?.getTime() ?? createdAt + dayMs;
  checkNodeName(name.replace('*', 'x'), role);
  checkUses(order);
  checkApproval(present.policy, role);
  parseAuthorisedNames(present.policy, role, names);
  checkOrder(addresses, expiresAt, createdAt);
  const secret = new Secret<Bytes>(randomBytes(joinSecretBytes));
  await records.transaction(async (tx) => {
    if (!isNamePattern(name)) await checkName(tx, { role, name }, reissue);
    const id = await insertJoinCode(tx, secret, {
      role,
      name,
      names,
      reissue,
      maxUses: uses,
      createdAt,
      expiresAt,
    });
    const details = {
      token: id,
      identity: identityLabel({ role, name }),
      reissue,
      uses,
      expires: new Date(expiresAt).toISOString(),
    };
    await log.decide(tx, kinds.tokenCreated, { by, details });
  });
  return {
    addresses,
    fingerprint: issuer.root.certificate.fingerprint,
    network: issuer.network,
    role,
    name,
    secret,
  };
}

/** A name that was ever issued stays with its identity. @throws HoldfastError `name_taken` */
export async function checkName(
  records: Records,
  identity: Pick<Identity, 'role' | 'name'>,
  reissue: boolean,
): Promise<void> {
  const taken = (await records.identities.find(identity)) !== undefined;
  if (taken === reissue) return;
  const label = identityLabel(identity);
  if (taken) {
    throw new HoldfastError('name_taken', `${label} was issued before`, {
      hint: `for the same machine come back: ${reissueCommand(identity)}; else choose another name`,
    });
  }
  throw new HoldfastError('name_taken', `${label} was never issued, so there is nothing to reissue`, {
    hint: `holdfast token create ${identity.name}`,
  });
}

/** What is for one name is used once, comes back to that name, and carries its host names. */
function checkUses({ name, uses = 1, names = [], reissue = false }: JoinCodeOrder): void {
  const pattern = isNamePattern(name);
  if (!pattern && uses > 1)
    throw badOrder(
      `a join code for ${name} alone cannot be used ${uses} times`,
      `'${name}-*' --uses ${uses}`,
    );
  if (pattern && reissue)
    throw badOrder(`a reissue code stands for one name, found ${name}`, '--reissue NAME, for each machine');
  if (pattern && names.length > 0)
    throw badOrder(`host names go with one name, found ${name}`, 'NAME --names LIST, for each machine');
}

function badOrder(message: string, words: string): HoldfastError {
  return new HoldfastError('input_invalid', message, { hint: `holdfast token create ${words}` });
}

function checkOrder(addresses: readonly string[], expiresAt: number, nowMs: number): void {
  if (addresses.length === 0 || !addresses.every(isEnrolAddress)) {
    throw new HoldfastError(
      'input_invalid',
      `addresses ${addresses.join(', ')}: expected at least one host:port`,
    );
  }
  if (!(expiresAt > nowMs))
    throw new HoldfastError('input_invalid', 'a join code that has expired when it is made');
}

/**
 * Whether a join code may stand for a certificate of `role`.
 * @throws HoldfastError `request_not_allowed` where a person decides on each
 */
export function checkApproval(policy: NetworkPolicy, role: Role): void {
  if (policy.profiles[role].approval === 'join-code') return;
  throw new HoldfastError(
    'request_not_allowed',
    `certificates of the role ${role} are approved by hand, so join codes are neither made nor taken`,
    {
      hint: `hand a request in: holdfast request submit FILE; or holdfast policy set profiles.${role}.approval join-code`,
    },
  );
}
