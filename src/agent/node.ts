import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type Bytes,
  type Clock,
  HoldfastError,
  isHoldfastError,
  isOwnUser,
  makePrivateDirectory,
  withFileLock,
} from '../base/index.ts';
import { type Certificate, equalNames, type Identity, isSelfIssued, parseCertificate } from '../pki/index.ts';
import {
  type ClientPolicy,
  clientKeys,
  defaultClientPolicy,
  needsRenewal,
  parseClientPolicy,
  renewalTime,
} from '../policy/index.ts';
import { type Credentials, Hot } from '../transport/index.ts';
import {
  isRevokedByRoot,
  Keystore,
  loadRootLists,
  loadTrustBundle,
  type RootList,
  readRootList,
  saveRootLists,
  saveTrustBundle,
  shareFile,
  type TrustAnchor,
  type TrustBundle,
  tellsMore,
  withRootList,
} from '../trust/index.ts';
import { changeLocalTrust, type LocalTrustChange, readLocalTrust } from './local-trust.ts';
import { type NodeState, nodeStatePath, readNodeState, writeNodeState } from './node-state.ts';

/** Label of the node's own key and chain in its keystore. */
export const identityLabel = 'node';
/** The trust bundle in a node's directory. */
export const bundleFile = 'trust.json';
/** What the network's root is known to have revoked, as PEM. */
export const rootListsFile = 'root-crls.pem';
/** What a node is made of. */
export interface NodeParts {
  readonly keystore: Keystore;
  /** As the network said. */
  readonly bundle: TrustBundle;
  /** Added on this machine. */
  readonly localAnchors: readonly TrustAnchor[];
  readonly state: NodeState;
  /** Whether the files are of the user of this process; yes unless said. */
  readonly isOwn?: boolean;
}

/** This machine as a member of a network: keystore, trust bundle, identity, state. */
export class Node {
  readonly directory: string;
  readonly keystore: Keystore;
  readonly bundle: Hot<TrustBundle>;
  readonly credentials: Hot<Credentials>;
  /** Whether this process keeps what it learns: where the keystore was shared with its user for reading, its owner does. */
  readonly isOwn: boolean;
  #state: NodeState;
  #localAnchors: readonly TrustAnchor[];

  constructor(directory: string, { keystore, bundle, localAnchors, state, isOwn = true }: NodeParts) {
    this.directory = directory;
    this.isOwn = isOwn;
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
    return this.isIssuerRevoked || needsRenewal(this.certificate, clock.now());
  }

  /** Whether the root is known to have revoked what issued the certificate in use. */
  get isIssuerRevoked(): boolean {
    const { anchors, rootLists = [] } = this.bundle.current;
    const issuers = this.credentials.current.chain.slice(1).map((der) => parseCertificate(der));
    return anchors.some(({ fingerprint, certificate }) => {
      const { subject } = parseCertificate(certificate);
      // What stands above a root has numbers of its own.
      const below = issuers.filter((each) => !isSelfIssued(each) && equalNames(each.issuer, subject));
      return below.some((issuer) => isRevokedByRoot(rootLists, fingerprint, issuer));
    });
  }

  /** Changes the state on top of what its file holds by then: other processes of this machine change it too. */
  async updateState(change: Partial<NodeState> | ((state: NodeState) => Partial<NodeState>)): Promise<void> {
    const changed = (present: NodeState): NodeState => ({
      ...present,
      ...(typeof change === 'function' ? change(present) : change),
    });
    if (!this.isOwn) {
      this.#state = changed(this.#state);
      return;
    }
    await withFileLock(join(this.directory, 'node.lock'), async () => {
      const next = changed((await readNodeState(this.directory)) ?? this.#state);
      await writeNodeState(this.directory, next);
      this.#state = next;
    });
  }

  /** How this machine dials. @throws HoldfastError `settings_invalid` when its file says what cannot be */
  get clientPolicy(): ClientPolicy {
    return clientPolicyOf(this.#state);
  }

  /** Changes how this machine dials, on top of what its file says by then; what is as the default is not kept. */
  async changeClientPolicy(change: (policy: ClientPolicy) => ClientPolicy): Promise<void> {
    await this.updateState((state) => {
      const next = change(clientPolicyOf(state));
      const chosen = clientKeys.filter((key) => !isDeepStrictEqual(next[key], defaultClientPolicy[key]));
      const client = Object.fromEntries(chosen.map((key) => [key, next[key]]));
      clientPolicyOf({ ...state, client });
      return { client };
    });
  }

  /** Roots that were added on this machine, each for certain servers. */
  get localAnchors(): readonly TrustAnchor[] {
    return this.#localAnchors;
  }

  /** Keeps the network's trust bundle, durably, and trusts by it from now on, and by what was added here. */
  async keepTrust(bundle: TrustBundle): Promise<void> {
    // Whose they are is said again: the certificate of a root may be another one for the same key.
    const rootLists = await loadRootLists(join(this.directory, rootListsFile), bundle.anchors);
    await saveTrustBundle(join(this.directory, bundleFile), bundle);
    this.bundle.replace({ ...withAnchors(bundle, this.#localAnchors), rootLists });
  }

  /**
   * Keeps a revocation list that a root of the network signed, durably, and believes nobody that it revokes from now on;
   * says whether it revokes anybody who was believed before. Other processes of this machine keep lists too.
   * @throws HoldfastError `crl_malformed` for any other bytes
   */
  async keepRootList(der: Bytes): Promise<boolean> {
    const { current } = this.bundle;
    const list = readRootList(der, current.anchors);
    const path = join(this.directory, rootListsFile);
    if (withRootList(current.rootLists ?? [], list) === current.rootLists) return false;
    const rootLists = this.isOwn
      ? await withFileLock(join(this.directory, 'node.lock'), async () => {
          const kept = await loadRootLists(path, current.anchors);
          const next = withRootList(kept, list);
          if (next !== kept) await saveRootLists(path, next);
          return next;
        })
      : withRootList(current.rootLists ?? [], list);
    if (this.#state.hasRootLists !== true) await this.updateState({ hasRootLists: true });
    const isNew = tellsMore(current.rootLists ?? [], list);
    this.bundle.replace({ ...this.bundle.current, rootLists });
    return isNew;
  }

  /** Changes what was added on this machine, as {@link changeLocalTrust}; what the network says stays. */
  async changeLocalTrust(change: LocalTrustChange): Promise<void> {
    const anchors = await changeLocalTrust(this.directory, this.keystore, change);
    const said = this.bundle.current.anchors.filter((anchor) => !this.#localAnchors.includes(anchor));
    this.bundle.replace({ ...this.bundle.current, anchors: [...said, ...anchors] });
    this.#localAnchors = anchors;
  }

  /** Uses what the keystore holds by now: the next connection shows it. */
  useCredentials(): void {
    this.credentials.replace(credentialsOf(this.keystore));
  }
}

/** The files in a node's directory that whoever opens the node reads, as far as they are there. */
export const nodeFiles = ['keystore', 'stash', 'node.json', bundleFile, rootListsFile, shareFile] as const;

/** Opens the node in `directory`. `node_not_joined` when this machine has no identity yet. */
export async function openNode(directory: string): Promise<Node> {
  const state = await readNodeState(directory);
  const hasKeystore = state !== undefined || (await Keystore.exists(directory));
  const keystore = hasKeystore ? await Keystore.open(directory) : undefined;
  const isNode = keystore?.has(identityLabel) === true;
  if (isNode && state === undefined) throw stateLost(directory);
  if (state === undefined || keystore === undefined || !isNode) {
    throw new HoldfastError(
      'node_not_joined',
      `this machine has joined no network (nothing in ${directory})`,
      {
        hint: 'holdfast join, with a code from holdfast token create NAME at the server',
      },
    );
  }
  const said = await loadTrustBundle(join(directory, bundleFile));
  const bundle = { ...said, rootLists: await readRootLists(directory, said, state) };
  const localAnchors = await readLocalTrust(directory, keystore);
  return new Node(directory, {
    keystore,
    bundle,
    localAnchors,
    state,
    isOwn: isOwnUser((await stat(directory)).uid),
  });
}

/** What an administrator decides, and the secrets in it, are for the server that was meant and nobody else. */
function clientPolicyOf({ role, client = {} }: Pick<NodeState, 'role' | 'client'>): ClientPolicy {
  const policy = parseClientPolicy(client);
  if (policy.verifyServer || role === 'client') return policy;
  throw new HoldfastError('settings_invalid', `verifyServer cannot be off on a machine that is ${role}`, {
    hint: 'believe the root of that server for its name: holdfast trust add --server NAME --file FILE',
  });
}

/** What the roots are known to have revoked is not forgotten because a file is gone. */
async function readRootLists(
  directory: string,
  { anchors }: TrustBundle,
  { hasRootLists }: NodeState,
): Promise<readonly RootList[]> {
  const path = join(directory, rootListsFile);
  const lists = await loadRootLists(path, anchors);
  if (lists.length > 0 || hasRootLists !== true) return lists;
  throw new HoldfastError('trust_bundle_damaged', `${path} is gone: what the root has revoked is not known`, {
    hint: 'put the file back from a backup, or join again with a reissue code',
  });
}

function stateLost(directory: string): HoldfastError {
  const message = `${nodeStatePath(directory)} is gone, and the key of the node that this machine is lies beside it`;
  return new HoldfastError('settings_invalid', message, {
    hint: 'put the file back from a backup, or join again with a reissue code: holdfast token create --reissue NAME at the server',
  });
}

function withAnchors(bundle: TrustBundle, added: readonly TrustAnchor[]): TrustBundle {
  return { ...bundle, anchors: [...bundle.anchors, ...added] };
}

/**
 * The keystore in `directory`, made when there is none. That of a node is never made anew: what was in it is lost then.
 * @throws HoldfastError `keystore_missing`, `keystore_damaged`
 */
export async function openOrCreateKeystore(directory: string): Promise<Keystore> {
  return (await findKeystore(directory)) ?? (await openKeystore(directory));
}

/** The same, for who only looks: undefined when there is none, which is not made. */
export async function findKeystore(directory: string): Promise<Keystore | undefined> {
  const isThere = (await readNodeState(directory)) !== undefined || (await Keystore.exists(directory));
  return isThere ? await Keystore.open(directory) : undefined;
}

/** The same, for whoever is about to become a node, perhaps again: made when there is none, whatever was there before. */
export async function openKeystore(directory: string): Promise<Keystore> {
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
