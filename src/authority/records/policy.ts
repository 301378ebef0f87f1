import { isHoldfastError } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import { defaultNetworkPolicy, type NetworkPolicy, parseNetworkPolicy } from '../../policy/index.ts';
import { authorityDamaged } from './authority-files.ts';

/** What the network has decided, as JSON; nothing while all is by default. */
export class PolicyRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async read(): Promise<string | undefined> {
    return (await this.#queries.get<{ value: string }>('SELECT value FROM policy'))?.value;
  }

  async put(value: string): Promise<void> {
    const sql =
      'INSERT INTO policy (id, value) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value';
    await this.#queries.run(sql, value);
  }
}

/** The policy in its text on record; what holds by default where there is none. @throws HoldfastError `authority_damaged` */
export function policyOnRecord(text: string | undefined): NetworkPolicy {
  if (text === undefined) return defaultNetworkPolicy;
  try {
    return parseNetworkPolicy(JSON.parse(text));
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid') && !(error instanceof SyntaxError)) throw error;
    throw authorityDamaged(`what it has on record as its policy is none (${error.message})`);
  }
}
