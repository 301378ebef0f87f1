import { join } from 'node:path';
import type { CopyView, ReplicaDesk } from '../../admin/index.ts';
import type { ReplicationRule } from '../../authority/index.ts';
import { type Clock, hourMs, isHoldfastError, type Log, secondMs } from '../../base/index.ts';
import type { Concern } from '../../notice/index.ts';
import { parseTransferRate, rateAt } from '../../policy/index.ts';
import {
  type CopyRound,
  type CopyRow,
  chooseNodes,
  copyRepository,
  type HealSource,
  openReplica,
  type ReplicateRecords,
} from '../../replicate/index.ts';
import {
  LimitedStore,
  LocalStore,
  type NamedRef,
  type ObjectStore,
  PresentStore,
} from '../../storage/index.ts';
import { keepGoing } from '../follow-decisions.ts';
import { storedRepositories } from '../scrubbing/stored-repositories.ts';
import { namespaceFolder, type StorageNamespace } from '../storage-path.ts';
import type { StoreFigure } from '../store-meter.ts';
import {
  acceptLosses,
  copiesOf,
  copyName,
  copyRows,
  failedRow,
  nodeOf,
  repositoryOf,
  rowAfter,
} from './copies-on-record.ts';
import type { KeptRecords } from './kept-records.ts';
import type { ReplicaWays } from './replica-ways.ts';

interface StoreCopiesOptions {
  /** To the others. */
  readonly ways: Pick<ReplicaWays, 'to'>;
  /** The name of this node. */
  readonly self: string;
  readonly rules: () => Promise<readonly ReplicationRule[]>;
  /** Where the store is. */
  readonly directory: string;
  /** Throws while it is not there. */
  readonly check: (forWhat?: 'change') => Promise<void>;
  readonly records: KeptRecords;
  /** Takes care of what was found damaged here. */
  readonly mend: (repository: string, damaged: readonly NamedRef[]) => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** What has changed is copied after so long at most. */
const lookEveryMs = 5 * secondMs;
/** Everything is compared so often, whatever is known to have changed. */
const compareEveryMs = hourMs;
/** A copy that is behind for longer is something somebody should know. */
const lateMs = 24 * hourMs;

/** The work for one node. */
interface NodeWork {
  /** Repositories that have changed since they were copied there. */
  readonly changed: Set<string>;
  comparedMs: number | undefined;
  working: Promise<void> | undefined;
}

/** Copies what this node stores to others, as the rules of the network say, and says how far that is. */
export class StoreCopies implements ReplicaDesk, AsyncDisposable {
  readonly #options: StoreCopiesOptions;
  readonly #ended = new AbortController();
  readonly #nodes = new Map<string, NodeWork>();
  #stop: () => Promise<void> = async () => {};

  constructor(options: StoreCopiesOptions) {
    this.#options = options;
  }

  /** Copies from now on, until this is closed. */
  begin(): void {
    this.#stop = keepGoing(() => this.#look(), {
      everyMs: lookEveryMs,
      atOnce: true,
      log: this.#options.log,
    });
  }

  /** Something was stored or removed. */
  changed({ origin, ...namespace }: StorageNamespace): void {
    if (origin !== undefined) return;
    for (const { changed } of this.#nodes.values()) changed.add(namespaceFolder(namespace));
  }

  /** Compares everything now; what most was lost of is followed from now on where that is said to be meant. */
  async run({ acceptsLoss }: { readonly acceptsLoss: boolean }): Promise<CopyView[]> {
    const { records } = this.#options;
    if (acceptsLoss) await acceptLosses(records);
    for (const work of this.#nodes.values()) work.comparedMs = undefined;
    await this.#look();
    return await copiesOf(records);
  }

  /** How each copy is. */
  async status(): Promise<CopyView[]> {
    return await copiesOf(this.#options.records);
  }

  /** Nodes that may have a good one of what a repository here has; `.replicas/vault/laptop` is a copy itself. */
  async sourcesOf(repository: string): Promise<readonly HealSource[]> {
    const { self, rules } = this.#options;
    const [folder, copied, ...names] = repository.split('/');
    const isCopy = folder === '.replicas' && copied !== undefined;
    const origin = isCopy ? copied : self;
    const name = isCopy ? names.join('/') : repository;
    const rule = (await rules()).find(({ from }) => from === origin);
    if (rule === undefined) return [];
    const nodes = [...(isCopy ? [origin] : []), ...chooseNodes(rule.to, rule.keep, name)];
    const sources = nodes
      .filter((node) => node !== self)
      .map(async (node) => ({ name: node, store: await this.#at(node, origin, name) }));
    return (await Promise.all(sources)).flatMap(({ name, store }) =>
      store === undefined ? [] : [{ name, store }],
    );
  }

  /** Figures for whoever watches from elsewhere. */
  async measure(): Promise<StoreFigure[]> {
    const rows = await this.#rows();
    if (rows.length === 0) return [];
    const sum = (of: (row: CopyRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
    const nowMs = this.#options.clock.now();
    const since = Math.min(nowMs, ...rows.flatMap(({ lag_since }) => lag_since ?? []));
    return [
      {
        name: 'holdfast_replica_lag_objects',
        help: 'Objects that copies at other nodes do not have yet.',
        value: sum((row) => row.lag_objects),
      },
      {
        name: 'holdfast_replica_lag_bytes',
        help: 'Bytes that copies at other nodes do not have yet.',
        value: sum((row) => row.lag_bytes),
      },
      {
        name: 'holdfast_replica_lag_seconds',
        help: 'Since when the first of them waits.',
        value: (nowMs - since) / secondMs,
      },
      {
        name: 'holdfast_replica_problems',
        help: 'Copies that could not be made, or that wait for somebody to say that a loss is meant.',
        value: sum(({ problem, halt }) => Number(problem !== null || halt === 'halted')),
      },
    ];
  }

  /** What somebody should know: copies that are late, fail, or wait for a word. */
  async concerns(): Promise<readonly Concern[]> {
    const nowMs = this.#options.clock.now();
    return (await this.#rows()).flatMap((row) => concernOf(row, nowMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#stop();
    for (const { working } of this.#nodes.values()) await working;
  }

  async #look(): Promise<void> {
    const { self, rules } = this.#options;
    const rule = (await rules()).find(({ from }) => from === self);
    await this.#forgetOthers(rule);
    for (const node of rule?.to ?? []) {
      const work = this.#workOf(node);
      if (rule === undefined || work.working !== undefined || this.#ended.signal.aborted) continue;
      work.working = this.#copyTo(node, rule, work)
        .catch((error: unknown) => {
          // That the store is not there is said elsewhere, and this comes every few seconds.
          if (!this.#ended.signal.aborted && !isHoldfastError(error, 'store_missing'))
            this.#options.log.warn('copies could not be made', { node, error });
        })
        .finally(() => {
          work.working = undefined;
        });
    }
  }

  #workOf(node: string): NodeWork {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const work: NodeWork = { changed: new Set(), comparedMs: undefined, working: undefined };
    this.#nodes.set(node, work);
    return work;
  }

  /** What no rule names any more is nobody's lag. */
  async #forgetOthers(rule: ReplicationRule | undefined): Promise<void> {
    const gone = [...this.#nodes.keys()].filter((node) => rule?.to.includes(node) !== true);
    for (const node of gone) this.#nodes.delete(node);
    const isNew = rule?.to.some((node) => !this.#nodes.has(node)) === true;
    if (gone.length === 0 && !isNew && rule !== undefined) return;
    const { copies } = await this.#options.records.hold();
    for (const { copy } of await copies.all())
      if (rule?.to.includes(nodeOf(copy)) !== true) await copies.remove(copy);
  }

  async #copyTo(node: string, rule: ReplicationRule, work: NodeWork): Promise<void> {
    const nowMs = this.#options.clock.now();
    const isWhole = work.comparedMs === undefined || Math.abs(nowMs - work.comparedMs) >= compareEveryMs;
    const repositories = isWhole ? await this.#everyRepository(node) : [...work.changed];
    work.changed.clear();
    if (isWhole) work.comparedMs = nowMs;
    for (const repository of repositories) {
      if (this.#ended.signal.aborted) return;
      if (!chooseNodes(rule.to, rule.keep, repository).includes(node)) continue;
      await this.#copy(repository, node, rule);
    }
  }

  /** Those that are there, and those that were and may have gone. */
  async #everyRepository(node: string): Promise<string[]> {
    const { directory, check } = this.#options;
    await check();
    const there = (await storedRepositories(directory)).filter((name) => !name.startsWith('.'));
    const known = (await this.#rows())
      .filter(({ copy }) => nodeOf(copy) === node)
      .map(({ copy }) => repositoryOf(copy));
    return [...new Set([...there, ...known])];
  }

  async #copy(repository: string, node: string, rule: ReplicationRule): Promise<void> {
    const { records, clock, log } = this.#options;
    const { copies, absences } = await records.hold();
    const copy = copyName(repository, node);
    const before = await copies.find(copy);
    try {
      const acceptsLoss = before?.halt === 'accepted';
      const round = await this.#copyOnce({ repository, node, rule, copy, absences, acceptsLoss });
      if (round === undefined) return;
      if (round.damaged.length > 0) await this.#options.mend(repository, round.damaged);
      const row = rowAfter(round, { copy, before, nowMs: clock.now() });
      // Said while this round went on: it counts for the next.
      const isAccepted = !acceptsLoss && (await copies.find(copy))?.halt === 'accepted';
      await copies.keep(isAccepted ? { ...row, halt: 'accepted' } : row);
      if (isAccepted) this.#workOf(node).changed.add(repository);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (!isHoldfastError(error)) throw error;
      // It is tried again with everything else, and before that where something comes.
      const problem = `${error.code}: ${error.message}`;
      await copies.keep(failedRow(problem, { copy, before, nowMs: clock.now() }));
      log.warn('a repository could not be copied', { repository, node, error });
    }
  }

  async #copyOnce({
    repository,
    node,
    rule,
    copy,
    absences,
    acceptsLoss,
  }: {
    readonly repository: string;
    readonly node: string;
    readonly rule: ReplicationRule;
    readonly copy: string;
    readonly absences: ReplicateRecords['absences'];
    readonly acceptsLoss: boolean;
  }): Promise<CopyRound | undefined> {
    const { self, directory, check, clock } = this.#options;
    await check();
    const to = await this.#at(node, self, repository);
    if (to === undefined) return undefined;
    const from = new PresentStore(new LocalStore(join(directory, repository)), check);
    return await copyRepository({
      from,
      to: limited(to, rule, clock),
      copy,
      absences,
      nowMs: clock.now(),
      removeAfterMs: rule.removeAfterMs,
      acceptsLoss,
      signal: this.#ended.signal,
    });
  }

  /** Undefined while nobody knows where the node is. */
  async #at(node: string, origin: string, repository: string): Promise<ObjectStore | undefined> {
    const way = await this.#options.ways.to(node);
    return way && openReplica({ ...way, origin, repository });
  }

  #rows(): Promise<readonly CopyRow[]> {
    return copyRows(this.#options.records);
  }
}

function limited(
  store: ObjectStore,
  { rate, zone }: ReplicationRule,
  clock: Pick<Clock, 'now'>,
): ObjectStore {
  if (rate === undefined) return store;
  const parsed = parseTransferRate(rate);
  // Each piece asks, and a zone takes longer to ask than a piece to send.
  let looked = { atMs: Number.NEGATIVE_INFINITY, rate: undefined as number | undefined };
  const uploadPerSecond = (): number | undefined => {
    const nowMs = clock.now();
    if (Math.abs(nowMs - looked.atMs) >= secondMs)
      looked = { atMs: nowMs, rate: rateAt(parsed, nowMs, zone) };
    return looked.rate;
  };
  return new LimitedStore(store, { uploadPerSecond });
}

function concernOf(row: CopyRow, nowMs: number): Concern[] {
  const { copy, problem, problem_since, halt, lag_since, lag_objects } = row;
  const subject = `copy of ${repositoryOf(copy)} at ${nodeOf(copy)}`;
  if (halt === 'halted')
    return [
      {
        subject,
        state: 'halted',
        text: `${repositoryOf(copy)} has lost most of what it had at once: its copy at ${nodeOf(copy)} keeps everything; where that is meant: holdfast replicate run --accept-loss`,
      },
    ];
  if (problem !== null && nowMs - (problem_since ?? nowMs) >= hourMs)
    return [
      {
        subject,
        state: 'failing',
        text: `${repositoryOf(copy)} cannot be copied to ${nodeOf(copy)}: ${problem}`,
      },
    ];
  if (lag_since === null || nowMs - lag_since < lateMs) return [];
  return [
    {
      subject,
      state: 'late',
      text: `the copy of ${repositoryOf(copy)} at ${nodeOf(copy)} lacks ${lag_objects} objects, the first since ${new Date(lag_since).toISOString()}`,
    },
  ];
}
