import type { Arrival, Authority, ClientReport } from '../../authority/index.ts';
import type { Clock, Log } from '../../base/index.ts';
import { AgentReport, parseMessage } from '../../enrol/index.ts';
import { isObjectId, type ObjectId } from '../../storage/index.ts';

interface AgentReportsOptions {
  readonly nodes: Pick<Authority['nodes'], 'report' | 'noteReports'>;
  /** When a snapshot came to the repository of a client; undefined where it is not there. */
  readonly arrivalOf: (client: string, snapshot: ObjectId) => Promise<number | undefined>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

type Arrivals = ClientReport['arrivals'];

/** So many clients are remembered, for whom nothing is looked up again; whoever reported longest ago is forgotten, here and not on record. */
const maxRemembered = 10_000;

/**
 * What agents report, held against what has arrived, gathered and put on record every few seconds: a report costs no transaction of
 * its own, and is no record of the log. What a killed server had not put there yet comes again within a minute.
 */
export class AgentReports {
  readonly #options: AgentReportsOptions;
  #waiting = new Map<string, ClientReport>();
  readonly #arrivals = new Map<string, Arrivals>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: AgentReportsOptions) {
    this.#options = options;
  }

  /** Takes what a client says. @throws HoldfastError `input_invalid` */
  async take(client: string, message: unknown): Promise<void> {
    const receivedMs = this.#options.clock.now();
    const report = parseMessage(AgentReport, message, 'the report');
    const arrivals = await this.#arrivalsOf(client, report);
    this.#remember(client, arrivals);
    this.#waiting.set(client, { client, receivedMs, report, arrivals });
  }

  /** Puts on record what has come; what cannot be written now is tried again. */
  async flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    await this.#flushing;
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const due = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#options.nodes.noteReports([...due.values()]);
    } catch (error) {
      this.#waiting = new Map([...due, ...this.#waiting]);
      this.#options.log.warn('what agents report could not be put on record', { error });
    }
  }

  /** A snapshot is looked for once, as long as it is the one that a set names; one that has not come, each time. */
  async #arrivalsOf(client: string, { sets }: AgentReport): Promise<Arrivals> {
    const before = this.#arrivals.get(client) ?? (await this.#options.nodes.report(client))?.arrivals ?? {};
    const found = new Map<string, Arrival>();
    for (const { id, success, elsewhere } of sets) {
      const snapshot = success?.snapshot;
      if (elsewhere === true || snapshot === undefined || !isObjectId(snapshot)) continue;
      const known = Object.hasOwn(before, id) ? before[id] : undefined;
      const arrival = known?.snapshot === snapshot ? known : await this.#lookFor(client, snapshot);
      if (arrival !== undefined) found.set(id, arrival);
    }
    return Object.fromEntries(found);
  }

  async #lookFor(client: string, snapshot: ObjectId): Promise<Arrival | undefined> {
    const atMs = await this.#options.arrivalOf(client, snapshot);
    return atMs === undefined ? undefined : { snapshot, atMs };
  }

  #remember(client: string, arrivals: Arrivals): void {
    this.#arrivals.delete(client);
    this.#arrivals.set(client, arrivals);
    const [oldest] = this.#arrivals.keys();
    if (this.#arrivals.size > maxRemembered && oldest !== undefined) this.#arrivals.delete(oldest);
  }
}
