import { type Bytes, HoldfastError } from '../../base/index.ts';
import type { Identity, Name, Role } from '../../pki/index.ts';
import { checkNodeName, defaultNetworkPolicy } from '../../policy/index.ts';
import { type IdentityRow, identityLabel, reissueCommand } from '../records/index.ts';
import { parseAuthorisedNames } from './authorisation.ts';
import { type Issued, type Issuing, issue } from './issue.ts';

/** A certificate for the machine of the authority itself, or ordered by its administrator. */
export interface LocalOrder {
  readonly role: Role;
  readonly name: string;
  /** Host names and addresses, for roles that have them. */
  readonly names?: readonly string[];
  /** The distinguished name; the name as CN unless said. */
  readonly subject?: Name;
  /** The SubjectPublicKeyInfo of a key that was made here. */
  readonly spki: Bytes;
  /** Whether the key was made for another machine, which the log is to know. */
  readonly withKey?: boolean;
  /** Who orders it, for the log; `admin/local` unless said. */
  readonly by?: string;
}

/**
 * Issues without a join code, for whoever holds the home, or by an administrator's order. A name that was issued before
 * gets its next certificate; by an order only where all that it has came by such orders, with keys made for it.
 * @throws HoldfastError `name_invalid`, `name_reserved`, `name_taken`, `request_not_allowed`, `key_unsupported`
 */
export async function issueLocal(context: Issuing, order: LocalOrder): Promise<Issued> {
  const { role, name, spki, subject, withKey = false, names = [], by = 'admin/local' } = order;
  checkNodeName(name);
  const identity = { network: context.issuer.network, role, name };
  // Names that the policy does not permit any more must not keep this machine's own server from starting.
  const policy = order.by === undefined ? defaultNetworkPolicy : context.present.policy;
  const named = { identity, names: parseAuthorisedNames(policy, role, names) };
  const authorisation = subject === undefined ? named : { ...named, subject };
  const details = withKey ? { withKey } : {};
  return await context.records.transaction(async (tx) => {
    // The server beside the authority has nobody else to ask, and whoever holds the home could do without asking. What an
    // administrator has revoked no other gets back by an order.
    if (role === 'server' && order.by === undefined) await tx.identities.revive(identity);
    const row = await tx.identities.find(identity);
    if (order.by !== undefined) checkOrdered(identity, row, withKey);
    const kind = row === undefined ? 'issued' : 'renewed';
    return await issue(tx, context, { authorisation, spki, kind, by, details });
  });
}

/** What a machine has under a key of its own comes back by a reissue, which ends what it had, and by nothing else. */
function checkOrdered(identity: Identity, row: IdentityRow | undefined, withKey: boolean): void {
  // One that was revoked is refused as such where it is issued.
  if (row === undefined || row.revoked_at !== null || (withKey && row.with_key === 1)) return;
  const label = identityLabel(identity);
  throw new HoldfastError(
    'name_taken',
    `${label} was issued before: a machine has it, with a key of its own`,
    {
      hint: `choose another name: --name ${identity.name}-1; for the same machine come back: ${reissueCommand(identity)}`,
    },
  );
}
