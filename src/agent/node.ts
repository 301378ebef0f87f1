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
import {
  Keystore,
  loadTrustBundle,
  saveTrustBundle,
  type TrustAnchor,
  type TrustBundle,
} from '../trust/index.ts';
import { type NodeState, readNodeState, writeNodeState } from './node-state.ts';

/** Label of the node's own key and chain in its keystore. */
export const identityLabel = 'node';
/** The trust bundle in a node's directory. */
export const bundleFile = 'trust.json';
/** What was added on this machine to what the network says. */
const localTrustFile = 'local-trust.json';

/** What a node is made of. */
export interface NodeParts {
  readonly keystore: Keystore;
  /** As the network said. */
  readonly bundle: TrustBundle;
  /** Added on this machine. */
  readonly localAnchors: readonly TrustAnchor[];
  readonly state: NodeState;
}

/** This machine as a member of a network: keystore, trust bundle, identity, state. */
export class Node {
  readonly directory: string;
  readonly keystore: Keystore;
  readonly bundle: Hot<TrustBundle>;
  readonly credentials: Hot<Credentials>;
  #state: NodeState;
  #localAnchors: readonly TrustAnchor[];

  constructor(directory: string, { keystore, bundle, localAnchors, state }: NodeParts) {
    this.directory = directory;
    this.keystore = keystore;
    this.bundle = new Hot(withAnchors(bundle, localAnchors));
    this.#localAnchors = localAnchors;
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

  /** Roots that were added on this machine, each for certain servers. */
  get localAnchors(): readonly TrustAnchor[] {
    return this.#localAnchors;
  }

  /** Keeps the network's trust bundle, durably, and trusts by it from now on, and by what was added here. */
  async keepTrust(bundle: TrustBundle): Promise<void> {
    await saveTrustBundle(join(this.directory, bundleFile), bundle);
    this.bundle.replace(withAnchors(bundle, this.#localAnchors));
  }

  /** Replaces what was added on this machine, durably; what the network says stays. */
  async keepLocalTrust(anchors: readonly TrustAnchor[]): Promise<void> {
    const { network } = this.#state;
    await saveTrustBundle(join(this.directory, localTrustFile), { network, anchors });
    const said = this.bundle.current.anchors.filter((anchor) => !this.#localAnchors.includes(anchor));
    this.bundle.replace({ network, anchors: [...said, ...anchors] });
    this.#localAnchors = anchors;
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
  const bundle = await loadTrustBundle(join(directory, bundleFile));
  return new Node(directory, { keystore, bundle, localAnchors: await readLocalAnchors(directory), state });
}

async function readLocalAnchors(directory: string): Promise<readonly TrustAnchor[]> {
  try {
    return (await loadTrustBundle(join(directory, localTrustFile))).anchors;
  } catch (error) {
    if (isHoldfastError(error, 'trust_bundle_missing')) return [];
    throw error;
  }
}

function withAnchors(bundle: TrustBundle, added: readonly TrustAnchor[]): TrustBundle {
  return { ...bundle, anchors: [...bundle.anchors, ...added] };
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
