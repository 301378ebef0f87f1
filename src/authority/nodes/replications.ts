import { HoldfastError } from '../../base/index.ts';
import { kinds } from '../log/index.ts';
import type { Records, ReplicationRow } from '../records/index.ts';
import { checkStanding } from '../standing/index.ts';
import type { JobsContext } from './jobs.ts';

/** Where what a node stores is copied to. */
export interface ReplicationRule {
  readonly from: string;
  readonly to: readonly string[];
  /** How many of them have a copy of each repository. */
  readonly keep: number;
  /** How long what the source has no more stays in the copies. */
  readonly removeAfterMs: number;
  /** How much may go in a second, by the hour, as `parseTransferRate` takes it. */
  readonly rate: string | undefined;
  /** Of its hours. */
  readonly zone: string;
}

/** A rule, and who decided so. */
export interface ReplicationEntry extends ReplicationRule {
  readonly by: string;
  readonly addedAt: Date;
}

/** Which nodes have copies of what others store. */
export class Replications {
  readonly #context: JobsContext;

  constructor(context: JobsContext) {
    this.#context = context;
  }

  /**
   * @throws HoldfastError `object_not_found` for a node that there is not, `replication_exists`, `input_invalid` for a node that would
   *   copy to itself, or for more copies than nodes
   */
  async add({ by, ...rule }: ReplicationRule & { readonly by: string }): Promise<ReplicationEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    checkRule(rule);
    const { from, to, keep, removeAfterMs: removeAfter, rate, zone } = rule;
    return await records.transaction(async (tx) => {
      for (const node of [from, ...to]) await checkStoringNode(tx, node);
      if ((await tx.replications.find(from)) !== undefined)
        throw new HoldfastError('replication_exists', `what ${from} stores is copied already`);
      const details = { from, to: [...to], keep, removeAfter, ...(rate !== undefined && { rate }), zone };
      await log.decide(tx, kinds.replicationAdded, { by, details });
      return entryOf(await rowOf(tx, from));
    });
  }

  /** Copies it no more; the copies stay. @throws HoldfastError `object_not_found` */
  async remove(from: string, by: string): Promise<ReplicationEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const row = await rowOf(tx, from);
      await log.decide(tx, kinds.replicationRemoved, { by, details: { from } });
      return entryOf(row);
    });
  }

  /** Every one, by the name of the node that it is for. */
  async list(): Promise<ReplicationEntry[]> {
    return (await this.#context.records.committed.replications.all()).map(entryOf);
  }
}

function checkRule({ from, to, keep }: ReplicationRule): void {
  if (to.includes(from))
    throw new HoldfastError('input_invalid', `${from} cannot keep copies of what it stores itself`, {
      hint: 'name other nodes: --to NODE[,NODE]',
    });
  if (keep <= to.length && new Set(to).size === to.length) return;
  throw new HoldfastError('input_invalid', `${keep} copies were to be kept on ${to.length} nodes`, {
    hint: 'name each node once, and no more copies than nodes: --to NODE,NODE --keep 2',
  });
}

/**
 * @throws HoldfastError `object_not_found` for a name of neither a server nor a storage node that is not revoked, `input_invalid` for a
 *   name of both: a rule knows nodes by their names
 */
async function checkStoringNode(tx: Records, name: string): Promise<void> {
  const known = await Promise.all(
    (['server', 'storage'] as const).map((role) => tx.identities.find({ role, name })),
  );
  const there = known.filter((node) => node !== undefined && node.revoked_at === null);
  if (there.length === 1) return;
  if (there.length === 2)
    throw new HoldfastError('input_invalid', `${name} is a server and a storage node, and a rule names one`, {
      hint: 'give the storage node another name: holdfast token create NAME --role storage',
    });
  throw new HoldfastError('object_not_found', `there is no server and no storage node ${name}`, {
    hint: 'holdfast nodes shows them all',
  });
}

async function rowOf(tx: Records, from: string): Promise<ReplicationRow> {
  const row = await tx.replications.find(from);
  if (row !== undefined) return row;
  throw new HoldfastError('object_not_found', `what ${from} stores is not copied`, {
    hint: 'holdfast replicate list shows what is',
  });
}

function entryOf(row: ReplicationRow): ReplicationEntry {
  return {
    from: row.from_name,
    to: JSON.parse(row.to_names) as string[],
    keep: row.keep,
    removeAfterMs: row.remove_after,
    rate: row.rate ?? undefined,
    zone: row.zone,
    by: row.added_by,
    addedAt: new Date(row.added_at),
  };
}
