import { join } from 'node:path';
import {
  type Clock,
  HoldfastError,
  isHoldfastError,
  makePrivateDirectory,
  withFileLock,
} from '../base/index.ts';
import { type Certificate, type Identity, parseCertificate } from '../pki/index.ts';
import { needsRenewal, renewalTime } from '../policy/index.ts';
import { type Credentials, Hot } from '../transport/index.ts';
import { Keystore, loadTrustBundle, saveTrustBundle, type TrustBundle } from '../trust/index.ts';
import { type NodeState, readNodeState, writeNodeState } from './node-state.ts';

/** Label of the node's own key and chain in its keystore. */
export const identityLabel = 'node';
/** The trust bundle in a node's directory. */
export const bundleFile = 'trust.json';

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

  /** Changes the state on top of what its file holds by then: other processes of this machine change it too. */
  async updateState(change: Partial<NodeState> | ((state: NodeState) => Partial<NodeState>)): Promise<void> {
    await withFileLock(join(this.directory, 'node.lock'), async () => {
      const present = (await readNodeState(this.directory)) ?? this.#state;
      const next = { ...present, ...(typeof change === 'function' ? change(present) : change) };
      await writeNodeState(this.directory, next);
      this.#state = next;
    });
  }

  /** Keeps a trust bundle, durably, and trusts by it from now on. */
  async keepTrust(bundle: TrustBundle): Promise<void> {
    await saveTrustBundle(join(this.directory, bundleFile), bundle);
    this.bundle.replace(bundle);
  }

  /** Uses what the keystore holds by now: the next connection shows it. */
  useCredentials(): void {
    this.credentials.replace(credentialsOf(this.keystore));
  }
}

/** Opens the node in `directory`. `node_not_joined` when this machine has no identity yet. */
export async function openNode(directory: string): Promise<Node> {
  const state = await readNodeState(directory);
  const keystore = state && (await Keystore.open(directory));
  if (state === undefined || keystore === undefined || !keystore.has(identityLabel)) {
    throw new HoldfastError(
      'node_not_joined',
      `this machine has joined no network (nothing in ${directory})`,
      {
        hint: 'holdfast join CODE, with a code from holdfast token create NAME at the server',
      },
    );
  }
  return new Node(directory, keystore, await loadTrustBundle(join(directory, bundleFile)), state);
}

/** The keystore in `directory`, made when there is none. */
export async function openOrCreateKeystore(directory: string): Promise<Keystore> {
  await makePrivateDirectory(directory);
  if (await Keystore.exists(directory)) return await Keystore.open(directory);
  return await Keystore.create(directory).catch((error: unknown) => {
    // Another process made it in the same moment.
    if (isHoldfastError(error, 'keystore_exists')) return Keystore.open(directory);
    throw error;
  });
}

function credentialsOf(keystore: Keystore): Credentials {
  return { chain: [...keystore.certificate(identityLabel)], privateKey: keystore.key(identityLabel) };
}
