import { chanceText, HoldfastError } from '../../base/index.ts';
import { maxSentSetLength, maxSentSets, type SentSet, type SentSetChoices } from '../../enrol/index.ts';
import { parseSchedule } from '../../policy/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import type { Records, SentSetRow } from '../records/index.ts';
import { checkStanding, type Present } from '../standing/index.ts';
import { checkLiveClient } from './live-client.ts';

/** A backup set that is sent, and to whom. */
export interface SentSetEntry extends SentSet {
  /** Names of clients; undefined for all of them. */
  readonly nodes: readonly string[] | undefined;
}

/** What is to be sent, to whom, and by whom. */
interface SentSetOrder {
  readonly name: string;
  readonly set: SentSetChoices;
  readonly nodes: readonly string[] | undefined;
  /** Whether it takes the place of the one that is sent under its name. */
  readonly replace: boolean;
  readonly by: string;
}

/** The backup sets that clients are sent, which run where the owners of their machines allow it. */
export class SentSets {
  readonly #context: Recording & { readonly present: Present };

  constructor(context: Recording & { readonly present: Present }) {
    this.#context = context;
  }

  /**
   * Sends a set from now on.
   * @throws HoldfastError `schedule_invalid`, `schedule_never`, `input_invalid` for one that is too large, `object_not_found` for a
   *   name that no client has, `set_exists`, `set_unknown` where there is none to be replaced, `set_invalid` for more than a client takes
   */
  async send({ name, set, nodes, replace, by }: SentSetOrder): Promise<SentSetEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    checkChoices(set);
    return await records.transaction(async (tx) => {
      for (const node of nodes ?? []) await checkLiveClient(tx, node);
      const before = await tx.sentSets.find(name);
      if (before !== undefined && !replace) throw isSent(name);
      if (before === undefined && replace) throw notSent(name);
      const { id = chanceText(idLength) } = before ?? {};
      await log.decide(tx, kinds.setSent, {
        by,
        details: { name, id, ...(nodes && { nodes: [...nodes] }), set },
      });
      checkRoom(await tx.sentSets.all());
      return await entryOf(tx, name);
    });
  }

  /** Sends a set to nobody any more: it ends on the machines. @throws HoldfastError `set_unknown` */
  async withdraw(name: string, by: string): Promise<SentSetEntry> {
    const { records, log } = this.#context;
    checkStanding(this.#context);
    return await records.transaction(async (tx) => {
      const before = await entryOf(tx, name);
      await log.decide(tx, kinds.setWithdrawn, { by, details: { name } });
      return before;
    });
  }

  /** Every one, by name. */
  async list(): Promise<SentSetEntry[]> {
    return (await this.#context.records.committed.sentSets.all()).map(read);
  }

  /** What one client is sent, as it is committed. */
  async ofNode(node: string): Promise<SentSet[]> {
    const rows = await this.#context.records.committed.sentSets.all();
    return rows.filter((row) => isFor(row, node)).map((row) => sentSetOf(row));
  }
}

function checkChoices(set: SentSetChoices): void {
  parseSchedule(set.every, set.zone ?? 'UTC');
  const { length } = JSON.stringify(set);
  if (length > maxSentSetLength)
    throw new HoldfastError(
      'input_invalid',
      `the set has ${length} characters, expected ${maxSentSetLength} at most`,
    );
}

/** Nobody is sent more than a client takes. */
function checkRoom(rows: readonly SentSetRow[]): void {
  const sets = rows.map(({ nodes }) => nodesOf(nodes));
  const named = new Set(sets.flatMap((nodes) => nodes ?? []));
  for (const node of [undefined, ...named]) {
    const { length } = sets.filter(
      (nodes) => nodes === undefined || (node !== undefined && nodes.includes(node)),
    );
    if (length > maxSentSets) throw tooMany(node, length);
  }
}

function tooMany(node: string | undefined, length: number): HoldfastError {
  const whom = node === undefined ? 'every client' : `client/${node}`;
  return new HoldfastError(
    'set_invalid',
    `${whom} would be sent ${length} sets, expected ${maxSentSets} at most`,
    {
      hint: 'withdraw one: holdfast set sent, holdfast set withdraw NAME',
    },
  );
}

function isFor({ nodes }: SentSetRow, node: string): boolean {
  return nodesOf(nodes)?.includes(node) ?? true;
}

function nodesOf(nodes: string | null): readonly string[] | undefined {
  return nodes === null ? undefined : (JSON.parse(nodes) as string[]);
}

async function entryOf(tx: Records, name: string): Promise<SentSetEntry> {
  const row = await tx.sentSets.find(name);
  if (row === undefined) throw notSent(name);
  return read(row);
}

function read(row: SentSetRow): SentSetEntry {
  return { ...sentSetOf(row), nodes: nodesOf(row.nodes) };
}

function sentSetOf({ id, name, sent_at, sent_by, choices }: SentSetRow): SentSet {
  const sent = new Date(sent_at).toISOString();
  return { id, name, sent, by: sent_by, set: JSON.parse(choices) as SentSetChoices };
}

function isSent(name: string): HoldfastError {
  return new HoldfastError('set_exists', `a backup set ${name} is sent already`);
}

function notSent(name: string): HoldfastError {
  return new HoldfastError('set_unknown', `no backup set ${JSON.stringify(name)} is sent to clients`, {
    hint: 'holdfast set sent shows those that are',
  });
}

const idLength = 16;
