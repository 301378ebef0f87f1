import { HoldfastError } from '../../base/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { type ClientBoundsRow, type Records } from '../records/index.ts';
import { checkStanding, type Present } from '../standing/index.ts';

/** What one client may do with its repositories. */
export interface ClientBounds {
  /** Whether its removals are heard; without it nothing but locks is removed. */
  readonly prune: boolean;
  /** Bytes that it may store; undefined for what the policy of the network says. */
  readonly quotaBytes: number | undefined;
  /** Since when it may read and nothing else; undefined for one that may write. */
  readonly quarantinedAt: Date | undefined;
}

/** What is to be otherwise from now on; the rest stays. */
interface BoundsOrder {
  readonly name: string;
  readonly prune?: boolean | undefined;
  /** Bytes; null for what the policy says. */
  readonly quotaBytes?: number | null | undefined;
  readonly quarantined?: boolean | undefined;
  /** For the log. */
  readonly reason?: string | undefined;
  readonly by: string;
}

/** What of the trash is meant; all where nothing is said. */
interface TrashNote {
  readonly client?: string | undefined;
  readonly repository?: string | undefined;
  readonly before?: Date | undefined;
  readonly by: string;
}

/** The quota of a client that may store as much as there is room. */
export const noQuota: number = Number.MAX_SAFE_INTEGER;

/** What the clients of a network may do, each: decided by administrators, and looked up on each request that changes something. */
export class Clients {
  readonly #context: Recording & { readonly present: Present };

  constructor(context: Recording & { readonly present: Present }) {
    this.#context = context;
  }

  /** What is committed of one, be there such a client or not. */
  async boundsOf(name: string): Promise<ClientBounds> {
    return boundsIn(await this.#context.records.committed.clientBounds.find(name));
  }

  /** Everything that was decided, by name of the client. */
  async bounds(): Promise<ReadonlyMap<string, ClientBounds>> {
    const rows = await this.#context.records.committed.clientBounds.all();
    return new Map(rows.map((row) => [row.name, boundsIn(row)]));
  }

  /**
   * Decides something of one client; gives what holds then. What holds already is not recorded again.
   * @throws HoldfastError `object_not_found` for a name that no client has
   */
  async bound({ name, reason, by, ...change }: BoundsOrder): Promise<ClientBounds> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const before = boundsIn(await tx.clientBounds.find(name));
      await checkKnown(tx, name);
      const { prune = before.prune, quotaBytes = before.quotaBytes ?? null } = change;
      const { quarantined = before.quarantinedAt !== undefined } = change;
      const quota = before.quotaBytes ?? null;
      if (prune === before.prune && quotaBytes === quota && quarantined === isQuarantined(before))
        return before;
      const details = { identity: `client/${name}`, prune, quota: quotaBytes, quarantined, reason };
      await log.decide(tx, kinds.clientBounded, { by, details });
      return boundsIn(await tx.clientBounds.find(name));
    });
  }

  /**
   * Keeps that somebody has things brought back from the trash, or has it emptied: before it is done.
   * @throws HoldfastError `object_not_found` for a name that no client has
   */
  async noteTrash(
    what: 'restored' | 'emptied',
    { client, repository, before, by }: TrashNote,
  ): Promise<void> {
    checkStanding(this.#context);
    const kind = what === 'restored' ? kinds.trashRestored : kinds.trashEmptied;
    const details = { client, repository, before: before?.toISOString() };
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      if (client !== undefined) await checkKnown(tx, client);
      await log.decide(tx, kind, { by, details });
    });
  }
}

function isQuarantined({ quarantinedAt }: ClientBounds): boolean {
  return quarantinedAt !== undefined;
}

async function checkKnown(tx: Records, name: string): Promise<void> {
  const client = { role: 'client', name } as const;
  if ((await tx.identities.find(client)) !== undefined) return;
  throw new HoldfastError('object_not_found', `there is no client ${name}`, {
    hint: 'holdfast nodes --role client shows them all',
  });
}

function boundsIn(row: ClientBoundsRow | undefined): ClientBounds {
  const { may_prune = 0, quota_bytes = null, quarantined_at = null } = row ?? {};
  return {
    prune: may_prune === 1,
    quotaBytes: quota_bytes ?? undefined,
    quarantinedAt: quarantined_at === null ? undefined : new Date(quarantined_at),
  };
}
