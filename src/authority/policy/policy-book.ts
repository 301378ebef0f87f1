import { isDeepStrictEqual } from 'node:util';
import { type Bytes, type Clock, HoldfastError } from '../../base/index.ts';
import { type Certificate, fingerprint, parseCertificate } from '../../pki/index.ts';
import {
  changePolicy,
  defaultPolicyText,
  type LockPeriod,
  type NetworkPolicy,
  type PolicyDifference,
  parseNetworkPolicy,
  policyDifferences,
  policyEntries,
  weakerPolicyKeys,
} from '../../policy/index.ts';
import {
  formatTrustBundle,
  singleRootBundle,
  type TrustAnchor,
  type TrustBundle,
  trustAnchor,
} from '../../trust/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { kinds, parseRecord, type Recording } from '../log/index.ts';
import { policyOnRecord, type Records } from '../records/index.ts';
import type { Present } from '../standing/index.ts';
import { RetentionLocks } from './retention-locks.ts';
import { secondWordNeeded } from './second-word.ts';

/** Looks at a policy that is to be, and at what is different in it: whether the servers of the network can keep it. */
export type PolicyCheck = (next: NetworkPolicy, differences: readonly PolicyDifference[]) => void;

const anything: PolicyCheck = () => {};

/** What the policy is decided with. */
interface PolicyKeeping extends Recording {
  readonly present: Present;
  readonly clock: Clock;
}

/** The network's policy, for looking at and for changing. */
export class PolicyBook {
  readonly #context: PolicyKeeping;
  readonly #locks: RetentionLocks;

  constructor(context: PolicyKeeping) {
    this.#context = context;
    this.#locks = new RetentionLocks(context.records);
  }

  /** What the retention lock was over time. */
  lockPeriods(): Promise<readonly LockPeriod[]> {
    return this.#locks.periods();
  }

  /** What holds now. */
  get current(): NetworkPolicy {
    return this.#context.present.policy;
  }

  /**
   * Sets `key` to what `text` says, from the next decision on; gives what is different then, nothing when it said so
   * already. @throws HoldfastError `settings_invalid`, and what the check throws
   */
  set(key: string, text: string, by: string, check = anything): Promise<readonly PolicyDifference[]> {
    return this.#change((present) => changePolicy(present, [{ key, after: text }]), by, check);
  }

  /**
   * Puts a whole policy in the place of the present one; gives the differences.
   * @throws HoldfastError `settings_invalid`
   */
  replace(input: unknown, by: string, check = anything): Promise<readonly PolicyDifference[]> {
    const next = parseNetworkPolicy(input);
    return this.#change(() => next, by, check);
  }

  /** What {@link replace} would change. @throws HoldfastError `settings_invalid` */
  compare(input: unknown, check = anything): readonly PolicyDifference[] {
    const next = parseNetworkPolicy(input);
    const differences = policyDifferences(this.current, next);
    check(next, differences);
    return differences;
  }

  async #change(
    next: (present: NetworkPolicy) => NetworkPolicy,
    by: string,
    check: PolicyCheck,
  ): Promise<readonly PolicyDifference[]> {
    const { records, log } = this.#context;
    const { differences, waitsFor } = await records.transaction(async (tx) => {
      const present = policyOnRecord(await tx.policy.read());
      const changed = next(present);
      const differences = policyDifferences(present, changed);
      if (differences.length === 0) return { differences };
      check(changed, differences);
      const waitsFor = await this.#secondNeeded(tx, differences, { present, changed, by });
      const kind = waitsFor === undefined ? kinds.policyChanged : kinds.policyProposed;
      await log.decide(tx, kind, { by, details: { changes: differences } });
      return { differences, waitsFor };
    });
    if (waitsFor !== undefined) throw waitsFor;
    return differences;
  }

  /** What would let one administrator alone do what takes two takes two itself: the first one's word is kept, and what is still needed is given. */
  async #secondNeeded(
    tx: Records,
    differences: readonly PolicyDifference[],
    {
      present,
      changed,
      by,
    }: { readonly present: NetworkPolicy; readonly changed: NetworkPolicy; readonly by: string },
  ): Promise<HoldfastError | undefined> {
    const what = [
      ...(changed.retentionLockMs < present.retentionLockMs ? ['a shorter retention lock'] : []),
      ...(present.releaseAdmins === 'two' && changed.releaseAdmins === 'one'
        ? ['that one administrator publishes releases']
        : []),
    ];
    if (what.length === 0) return undefined;
    return await secondWordNeeded(tx, {
      what: what.join(', and '),
      kinds: [kinds.policyChanged.name, kinds.policyProposed.name],
      isSame: (record) =>
        record.kind === 'policy proposed' && isDeepStrictEqual(record.details.changes, differences),
      isDecision: (record) =>
        record.kind === 'policy changed' &&
        record.details.changes.some(({ key }) => twoWordKeys.includes(key)),
      by,
      nowMs: this.#context.clock.now(),
    });
  }
}

/** What of the policy one administrator alone does not weaken. */
const twoWordKeys = ['retentionLockMs', 'releaseAdmins'];

/** What the policy gives up that the default keeps, one sentence for each key. */
export function policyWarnings({ present }: { readonly present: Present }): string[] {
  const weaker = weakerPolicyKeys(present.policy);
  return policyEntries(present.policy)
    .filter(({ key }) => weaker.includes(key))
    .map(
      ({ key, text }) =>
        `the policy is weaker than the default: ${key} is ${text}, by default ${byDefault(key)}`,
    );
}

function byDefault(key: string): string {
  return key.startsWith('listeners.') ? 'what holdfast.toml says' : defaultPolicyText(key);
}

/** What is taken for the store from now on, and who says so. */
interface StoreAcceptance {
  readonly store: string;
  readonly directory: string;
  /** What was there: nothing, repositories, another store. */
  readonly found: string;
  readonly reason: string;
  readonly by: string;
}

/** What `authority.store` is for one from before stores were marked, which may have repositories. */
export const unmarkedStore = 'unmarked';

/** Which store this network's repositories are in: what a server compares the directory with that it finds. */
export class StoreRecord {
  readonly #context: Recording & { readonly present: Present };

  constructor(context: Recording & { readonly present: Present }) {
    this.#context = context;
  }

  /** Its id, {@link unmarkedStore}, or undefined while there was none yet. */
  get current(): string | undefined {
    return this.#context.present.state.store ?? undefined;
  }

  /** Puts the first store on record, or the id that one from before was given. */
  async begin(store: string): Promise<void> {
    await this.#context.records.state.setStore(store);
  }

  /** Takes another store for that of this network, which somebody has to answer for. */
  async accept({ by, ...details }: StoreAcceptance): Promise<void> {
    const { log } = this.#context;
    const before = this.current;
    await log.record(kinds.storeAccepted, { by, details: { ...details, before } });
  }
}

/** What the roots that nodes trust are put on record with. */
interface Rooted extends Recording {
  readonly issuer: Issuer;
}

/** A root from elsewhere that clients believe for one host. */
interface ServerRoot {
  readonly host: string;
  readonly certificate: Certificate;
}

/** A certificate from elsewhere is shown from now on. */
interface BoundOrder {
  /** `host vault.example`, `listener open`: what it is bound to. */
  readonly target: string;
  /** Of the certificate. */
  readonly fingerprint: string;
  /** For which hosts clients are to believe the roots. */
  readonly hosts: readonly string[];
  /** DER. */
  readonly roots: readonly Bytes[];
  readonly by: string;
}

/** It goes out with every certificate, in a message of bounded size. */
const maxBundleLength = 40 * 1024;

/** Whom the nodes of the network trust: its root, and roots from elsewhere for certain hosts of its servers. */
export class ServerRoots {
  readonly #context: Rooted;
  #bundle: TrustBundle;
  /** By target, as far as the log was looked at. */
  readonly #bound = new Map<string, readonly string[]>();
  #lookedAt = 0;

  private constructor(context: Rooted, bundle: TrustBundle) {
    this.#context = context;
    this.#bundle = bundle;
  }

  /** As they are on record. */
  static async of(context: Rooted): Promise<ServerRoots> {
    return new ServerRoots(context, await readBundle(context));
  }

  /** As it goes out to nodes. */
  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** Reads again what is on record, where others may have changed it. */
  async readAgain(): Promise<void> {
    this.#bundle = await readBundle(this.#context);
  }

  list(): ServerRoot[] {
    return this.#bundle.anchors.flatMap(({ speaksFor, certificate }) =>
      speaksFor.kind === 'server'
        ? speaksFor.names.map((host) => ({ host, certificate: parseCertificate(certificate) }))
        : [],
    );
  }

  /** To what certificates from elsewhere are bound by the log, and for which hosts clients were told. */
  async bound(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { log } = this.#context.records;
    const last = await log.lastSequence();
    const names = [kinds.tlsBound.name, kinds.tlsUnbound.name];
    const texts = last === this.#lookedAt ? [] : await log.ofKinds(names, this.#lookedAt);
    for (const record of texts.flatMap((text) => parseRecord(text) ?? [])) {
      if (record.kind === 'tls bound') this.#bound.set(record.details.target, record.details.hosts);
      if (record.kind === 'tls unbound') this.#bound.delete(record.details.target);
    }
    this.#lookedAt = Math.max(this.#lookedAt, last);
    return this.#bound;
  }

  /**
   * Records what is shown, and its roots for nodes to learn with their next renewal.
   * @throws HoldfastError `input_invalid` for more roots than a message can carry
   */
  async bind({ target, hosts, roots, by, ...order }: BoundOrder): Promise<void> {
    const added = roots.map((root) => trustAnchor(root, { kind: 'server', names: hosts }));
    const anchors = [...this.#bundle.anchors, ...added];
    if (formatTrustBundle({ ...this.#bundle, anchors }).length > maxBundleLength)
      throw new HoldfastError('input_invalid', 'more roots than go out to nodes together', {
        hint: 'bind fewer hosts, or give fewer roots with --roots',
      });
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      for (const host of hosts)
        for (const root of roots)
          await tx.serverRoots.insert({ host, fingerprint: fingerprint(root), certificate: root });
      const details = { target, ...order, hosts, roots: roots.map(fingerprint) };
      await log.decide(tx, kinds.tlsBound, { by, details });
    });
    await this.readAgain();
  }

  /** Forgets the roots of hosts that no certificate from elsewhere is shown for any more. */
  async unbind({ target, hosts, by }: Pick<BoundOrder, 'target' | 'hosts' | 'by'>): Promise<void> {
    const { log } = this.#context;
    await log.record(kinds.tlsUnbound, { by, details: { target, hosts } });
    await this.readAgain();
  }
}

async function readBundle({ issuer, records }: Rooted): Promise<TrustBundle> {
  const own = singleRootBundle(issuer.network, issuer.root.certificate.der);
  const byRoot = Map.groupBy(await records.committed.serverRoots.list(), (row) => row.fingerprint);
  const others = [...byRoot.values()].flatMap((rows): TrustAnchor[] => {
    const names = rows.map(({ host }) => host);
    return rows.slice(0, 1).map(({ certificate }) => trustAnchor(certificate, { kind: 'server', names }));
  });
  return { ...own, anchors: [...own.anchors, ...others] };
}
