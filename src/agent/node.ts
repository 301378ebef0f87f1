import { join } from 'node:path';
import { type Clock, HoldfastError, makePrivateDirectory } from '../base/index.ts';
import { type Certificate, type Identity, parseCertificate } from '../pki/index.ts';
import { needsRenewal, renewalTime } from '../policy/index.ts';
import { type Credentials, Hot } from '../transport/index.ts';
import { Keystore, loadTrustBundle, saveTrustBundle, type TrustBundle } from '../trust/index.ts';
import { type NodeState, readNodeState, writeNodeState } from './node-state.ts';

/** Label of the node's own key and chain in its keystore. */
export const identityLabel = 'node';
const bundleFile = 'trust.json';

/** This machine as a member of a network: keystore, trust bundle, identity, state. */
export class Node {
  readonly directory: string;
  readonly keystore: Keystore;
  readonly bundle: Hot<TrustBundle>;
  readonly credentials: Hot<Credentials>;
  #state: NodeState;

  constructor(directory: string, keystore: Keystore, bundle: TrustBundle, state: NodeState) {
    this.directory = directory;
    this.keystore = keystore;
    this.bundle = new Hot(bundle);
    this.credentials = new Hot(credentialsOf(keystore));
    this.#state = state;
  }

  get state(): NodeState {
    return this.#state;
  }

  get identity(): Identity {
    const { network, role, name } = this.#state;
    return { network, role, name };
  }

  /** The certificate in use. */
  get certificate(): Certificate {
    const [leaf] = this.credentials.current.chain;
    if (leaf === undefined) throw new TypeError('credentials without a certificate');
    return parseCertificate(leaf);
  }

  /** When the certificate is to be renewed. */
  renewalTime(): Date {
    return renewalTime(this.certificate);
  }

  needsRenewal(clock: Clock): boolean {
    return needsRenewal(this.certificate, clock.now());
  }

  async updateState(change: Partial<NodeState>): Promise<void> {
    const next = { ...this.#state, ...change };
    await writeNodeState(this.directory, next);
    this.#state = next;
  }

  /** Takes what a renewal brought: certificates from the keystore, a fresh bundle, what the network says of itself. */
  async adopt(bundle: TrustBundle, change: Partial<NodeState>): Promise<void> {
    await saveTrustBundle(join(this.directory, bundleFile), bundle);
    await this.updateState(change);
    this.bundle.replace(bundle);
    this.credentials.replace(credentialsOf(this.keystore));
  }
}

/** Opens the node in `directory`. `node_not_joined` when this machine has no identity yet. */
export async function openNode(directory: string): Promise<Node> {
  const state = await readNodeState(directory);
  if (state === undefined) {
    throw new HoldfastError(
      'node_not_joined',
      `this machine has joined no network (nothing in ${directory})`,
      {
        hint: 'holdfast join CODE, with a code from holdfast token create NAME at the server',
      },
    );
  }
  const keystore = await Keystore.open(directory);
  return new Node(directory, keystore, await loadTrustBundle(join(directory, bundleFile)), state);
}

/** Writes the first state of a node whose certificate is in `keystore` already, and opens it. */
export async function createNode(
  directory: string,
  keystore: Keystore,
  bundle: TrustBundle,
  state: NodeState,
): Promise<Node> {
  await saveTrustBundle(join(directory, bundleFile), bundle);
  await writeNodeState(directory, state);
  return new Node(directory, keystore, bundle, state);
}

/** The keystore in `directory`, made when there is none. */
export async function openOrCreateKeystore(directory: string): Promise<Keystore> {
  await makePrivateDirectory(directory);
  return (await Keystore.exists(directory)) ? Keystore.open(directory) : Keystore.create(directory);
}

function credentialsOf(keystore: Keystore): Credentials {
  return { chain: [...keystore.certificate(identityLabel)], privateKey: keystore.key(identityLabel) };
}
