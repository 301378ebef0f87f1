import { join } from 'node:path';
import { type Clock, HoldfastError } from '../base/index.ts';
import { type Enrolment, readEnrolment } from '../enrol/index.ts';
import { exportPublicKey, type Identity, identityUri } from '../pki/index.ts';
import { type Keystore, saveTrustBundle, type TrustBundle } from '../trust/index.ts';
import { bundleFile, identityLabel } from './node.ts';
import { enrolledState, type NodeState, readNodeState, writeNodeState } from './node-state.ts';
import { pendingLabel } from './pending-requests.ts';

/** What an approved request brought, and what it is judged by. */
export interface ApprovedRequest {
  /** What the request is called here. */
  readonly name: string;
  readonly identity: Identity;
  /** An `EnrolmentAnswer`, as it came. */
  readonly answer: unknown;
  /** Whom the server was believed by. */
  readonly bundle: TrustBundle;
  readonly clock: Clock;
}

/**
 * Whether this machine can become the node of a request: it is none, or it is just that one but for its key, since becoming it
 * was cut off.
 */
export async function canAdopt(directory: string, keystore: Keystore, identity: Identity): Promise<boolean> {
  const state = await readNodeState(directory);
  if (state === undefined) return true;
  return !keystore.has(identityLabel) && identityUri(state) === identityUri(identity);
}

/**
 * Makes this machine the node that its request was approved for, with the key that waited. Everything is checked before
 * anything is kept, and the key gets its label last.
 * @throws HoldfastError `node_already_joined`, and as `readEnrolment`
 */
export async function adoptEnrolment(
  directory: string,
  keystore: Keystore,
  { name, identity, answer, bundle, clock }: ApprovedRequest,
): Promise<Enrolment> {
  if (!(await canAdopt(directory, keystore, identity))) {
    throw new HoldfastError('node_already_joined', 'this machine is a node already', {
      hint: 'use another home for another node: --home DIR',
    });
  }
  const key = keystore.key(pendingLabel(name));
  const at = new Date(clock.now());
  const enrolment = readEnrolment(answer, { identity, spki: exportPublicKey(key), bundle, at });
  await keepEnrolment(directory, enrolment);
  await keystore.update((entries) => {
    entries.putKey(identityLabel, key);
    entries.putCertificates(identityLabel, enrolment.chain);
    entries.remove(pendingLabel(name));
  });
  return enrolment;
}

/** Keeps everything of a first enrolment but key and certificate, durably; what is known from `before` stays. */
export async function keepEnrolment(
  directory: string,
  enrolment: Enrolment,
  before?: Pick<NodeState, 'exports' | 'recoveryRecipient' | 'client'>,
): Promise<void> {
  const { network, role, name } = enrolment.identity;
  await saveTrustBundle(join(directory, bundleFile), enrolment.bundle);
  await writeNodeState(directory, {
    format: 1,
    network,
    role,
    name,
    ...enrolledState(enrolment),
    exports: before?.exports ?? [],
    ...(before !== undefined && { recoveryRecipient: before.recoveryRecipient }),
    ...(before?.client !== undefined && { client: before.client }),
  });
}
