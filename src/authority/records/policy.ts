import { type Bytes, isHoldfastError } from '../../base/index.ts';
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

/** A root from elsewhere, and a host that clients are to believe it for. */
interface ServerRootRow {
  readonly host: string;
  readonly fingerprint: string;
  readonly certificate: Bytes;
}

/** Roots from elsewhere, each for the host names that clients are to believe it. */
export class ServerRootRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<ServerRootRow[]> {
    return this.#queries.all<ServerRootRow>(
      'SELECT host, fingerprint, certificate FROM server_roots ORDER BY fingerprint, host',
    );
  }

  /** One that is there already stays. */
  async insert({ host, fingerprint, certificate }: ServerRootRow): Promise<void> {
    await this.#queries.run(
      'INSERT INTO server_roots (host, fingerprint, certificate) VALUES (?, ?, ?) ON CONFLICT (host, fingerprint) DO NOTHING',
      host,
      fingerprint,
      certificate,
    );
  }

  async removeOf(host: string): Promise<void> {
    await this.#queries.run('DELETE FROM server_roots WHERE host = ?', host);
  }
}
