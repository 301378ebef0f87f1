import {
  changePolicy,
  defaultPolicyText,
  type NetworkPolicy,
  type PolicyDifference,
  parseNetworkPolicy,
  policyDifferences,
  policyEntries,
  weakerPolicyKeys,
} from '../../policy/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { policyOnRecord } from '../records/index.ts';
import type { Present } from '../standing/index.ts';

/** Looks at a policy that is to be, and at what is different in it: whether the servers of the network can keep it. */
export type PolicyCheck = (next: NetworkPolicy, differences: readonly PolicyDifference[]) => void;

const anything: PolicyCheck = () => {};

/** The network's policy, for looking at and for changing. */
export class PolicyBook {
  readonly #context: Recording & { readonly present: Present };

  constructor(context: Recording & { readonly present: Present }) {
    this.#context = context;
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
    return await records.transaction(async (tx) => {
      const present = policyOnRecord(await tx.policy.read());
      const changed = next(present);
      const differences = policyDifferences(present, changed);
      if (differences.length === 0) return differences;
      check(changed, differences);
      await log.decide(tx, kinds.policyChanged, { by, details: { changes: differences } });
      return differences;
    });
  }
}

/** What the change is made to: two that come at once both hold. */

/** What the policy gives up that the default keeps, one sentence for each key. */
export function policyWarnings({ present }: { readonly present: Present }): string[] {
  const weaker = weakerPolicyKeys(present.policy);
  return policyEntries(present.policy)
    .filter(({ key }) => weaker.includes(key))
    .map(
      ({ key, text }) =>
        `the policy is weaker than the default: ${key} is ${text}, by default ${defaultPolicyText(key)}`,
    );
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
