import { rm } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { type Clock, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Enrolment, hasJoinedBy, type JoinCode, join, readEnrolment } from '../enrol/index.ts';
import { exportPublicKey, type Identity, identityUri, parseCertificate } from '../pki/index.ts';
import { Keystore, saveTrustBundle, type TrustBundle } from '../trust/index.ts';
import { bundleFile, identityLabel, type Node, openKeystore, openNode, rootListsFile } from './node.ts';
import { enrolledState, type NodeState, readNodeState, writeNodeState } from './node-state.ts';
import { pendingLabel } from './pending-requests.ts';
import { type RenewalOptions, rejoinNode } from './renewal.ts';

/**
 * Makes this machine the node that `code` names and keeps everything in `directory`. After a crash the same code can
 * be used again, and after it was done. A reissue code for the very node that this machine is gives it a new certificate, as one that has
 * expired or lost a file of its own needs it; for any other, `node_already_joined`.
 */
export async function joinNetwork(directory: string, code: JoinCode, options: RenewalOptions): Promise<Node> {
  const present = await presentIdentity(directory);
  if (present !== undefined && identityUri(present) !== identityUri(code)) {
    throw new HoldfastError('node_already_joined', `this machine is ${identityUri(present)} already`, {
      hint: 'use another home for another network: --home DIR',
    });
  }
  const node = present && (await orIncomplete(openNode(directory)));
  if (node !== undefined) {
    await unlessDone(rejoinNode(node, code, options), { node, code, clock: options.clock });
    return node;
  }
  const before = present && (await orIncomplete(readNodeState(directory)));
  const keep = async (enrolment: Enrolment): Promise<void> => {
    // What is gone is not missed any more, and what is damaged is not wanted: the code proves the root anew.
    if (present !== undefined) await rm(joinPath(directory, rootListsFile), { force: true });
    await keepEnrolment(directory, enrolment, before);
  };
  const keystore = await openKeystore(directory);
  await join(code, { ...options, keystore, label: identityLabel, keep });
  return openNode(directory);
}

/** The code may be used because this machine used it, and was cut off before that was said. */
async function unlessDone(
  joining: Promise<void>,
  { node, code, clock }: { readonly node: Node; readonly code: JoinCode; readonly clock: Clock },
): Promise<void> {
  try {
    await joining;
  } catch (error) {
    const isDone = isHoldfastError(error, 'join_code_used', 'name_taken') && hasJoinedBy(node.keystore, code);
    if (!isDone || node.certificate.notAfter.getTime() <= clock.now()) throw error;
  }
}

/** Which node this machine is, by its state or else by its certificate; undefined while it is none yet. */
async function presentIdentity(directory: string): Promise<Identity | undefined> {
  const state = await orIncomplete(readNodeState(directory));
  if (!(await Keystore.exists(directory))) return state;
  const keystore = await Keystore.open(directory);
  if (!keystore.has(identityLabel)) return undefined;
  const [leaf] = keystore.certificate(identityLabel);
  return state ?? (leaf && parseCertificate(leaf).identity);
}

/** Undefined where a file of the node is gone or damaged: what a reissue code is for. */
async function orIncomplete<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isHoldfastError(error, ...mendedByJoining)) return undefined;
    throw error;
  }
}

const mendedByJoining = [
  'settings_invalid',
  'keystore_missing',
  'trust_bundle_missing',
  'trust_bundle_damaged',
] as const;

/** What an approved request brought, and what it is judged by. */
interface ApprovedRequest {
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
async function keepEnrolment(
  directory: string,
  enrolment: Enrolment,
  before?: Pick<NodeState, 'exports' | 'recoveryRecipient' | 'client'>,
): Promise<void> {
  const { network, role, name } = enrolment.identity;
  await saveTrustBundle(joinPath(directory, bundleFile), enrolment.bundle);
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
