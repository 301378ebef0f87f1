import type { Queries } from '../../db/index.ts';
import {
  changePolicy,
  defaultNetworkPolicy,
  type NetworkPolicy,
  type PolicyDifference,
  parseNetworkPolicy,
  policyDifferences,
} from '../../policy/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { parseStored } from './live-policy.ts';

/** The network's policy, for looking at and for changing. */
export class PolicyBook {
  readonly #context: AuthorityContext;

  constructor(context: AuthorityContext) {
    this.#context = context;
  }

  /** What holds now. */
  get current(): NetworkPolicy {
    return this.#context.policy.current;
  }

  /**
   * Sets `key` to what `text` says, from the next decision on; gives what is different then, nothing when it said so
   * already. @throws HoldfastError `settings_invalid`
   */
  set(key: string, text: string, by: string): Promise<readonly PolicyDifference[]> {
    return this.#change((present) => changePolicy(present, key, text), by);
  }

  /**
   * Puts a whole policy in the place of the present one; gives the differences.
   * @throws HoldfastError `settings_invalid`
   */
  replace(input: unknown, by: string): Promise<readonly PolicyDifference[]> {
    const next = parseNetworkPolicy(input);
    return this.#change(() => next, by);
  }

  /** What {@link replace} would change. @throws HoldfastError `settings_invalid` */
  compare(input: unknown): readonly PolicyDifference[] {
    return policyDifferences(this.current, parseNetworkPolicy(input));
  }

  async #change(
    next: (present: NetworkPolicy) => NetworkPolicy,
    by: string,
  ): Promise<readonly PolicyDifference[]> {
    const { database, log, policy } = this.#context;
    const changes = await database.transaction(async (tx) => {
      const present = await readPresent(tx);
      const changed = next(present);
      const differences = policyDifferences(present, changed);
      if (differences.length === 0) return differences;
      await tx.run('INSERT OR REPLACE INTO policy (id, value) VALUES (1, ?)', JSON.stringify(changed));
      await log.append(tx, { kind: 'policy changed', by, details: { changes: differences } });
      return differences;
    });
    policy.reload();
    return changes;
  }
}

/** What the change is made to: two that come at once both hold. */
async function readPresent(tx: Queries): Promise<NetworkPolicy> {
  const row = await tx.get<{ value: string }>('SELECT value FROM policy');
  return row === undefined ? defaultNetworkPolicy : parseStored(row.value);
}
