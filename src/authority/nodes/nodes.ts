import { type Clock, dayMs } from '../../base/index.ts';
import { AgentReport, isMessage } from '../../enrol/index.ts';
import { type Role, roles } from '../../pki/index.ts';
import type { AuthorityRecords, NodeReportRow, SightingRow } from '../records/index.ts';
import { type Arrival, type JudgedReport, judgeReport, type ReceivedReport } from './judge-report.ts';

/** When somebody was seen, and how he came; what is told in it is his word. */
export interface Sighting {
  /** Undefined for who has no identity. */
  readonly role: Role | undefined;
  /** Of an identity; an address for who has none. */
  readonly name: string;
  readonly kind: 'tls' | 'plain';
  readonly service: string;
  readonly seenAt: Date;
  readonly address: string;
  readonly listener: string;
  /** How the line was protected; undefined on a plain one. */
  readonly connection?:
    | { readonly protocol: string; readonly cipher: string; readonly group: string }
    | undefined;
  readonly by?: 'certificate' | 'token' | 'ticket' | undefined;
  readonly certificate?: { readonly serial: string; readonly notAfter: Date } | undefined;
  /** What he says to be: `holdfast/0.1.0`. */
  readonly software?: string | undefined;
  /** Keys of his own policy that he says to be weaker than the default. */
  readonly weaker: readonly string[];
  /** When the newest snapshot came that he left. */
  readonly snapshotAt?: Date | undefined;
}

/** A node in a list. */
interface NodeView {
  readonly role: Role;
  readonly name: string;
  readonly state: 'live' | 'ended' | 'revoked';
  /** The end of its last certificate that is not revoked. */
  readonly notAfter: Date | undefined;
  /** The newest first. */
  readonly seen: readonly Sighting[];
  /** When its newest snapshot came. */
  readonly lastBackup: Date | undefined;
  /** What it says of its backup sets, judged by the clock here; undefined where it said nothing, or is revoked. */
  readonly report: JudgedReport | undefined;
}

/** A report of a client, to be put on record. */
export interface ClientReport extends ReceivedReport {
  readonly client: string;
}

/** How long somebody who was seen on a plain port counts, and a stranger is remembered. */
const rememberedMs = 30 * dayMs;
/** So many addresses of strangers are remembered, the newest. */
const maxStrangers = 10_000;
/** So many are written as one. */
const atOnce = 500;

/** Who is seen in a network. */
export class Nodes {
  readonly #records: AuthorityRecords;
  readonly #clock: Clock;

  constructor({ records, clock }: { readonly records: AuthorityRecords; readonly clock: Clock }) {
    this.#records = records;
    this.#clock = clock;
  }

  /** Puts on record who was seen, and forgets strangers of long ago. */
  async note(seen: readonly Sighting[]): Promise<void> {
    for (let at = 0; at < seen.length; at += atOnce) {
      const some = seen.slice(at, at + atOnce);
      await this.#records.transaction(async ({ sightings }) => {
        for (const sighting of some) await sightings.put(rowOf(sighting));
        if (some.some(({ role }) => role === undefined))
          await sightings.forgetStrangers(this.#clock.now() - rememberedMs, maxStrangers);
      });
    }
  }

  /** Puts on record when the newest snapshot of a client came, of which nobody saw how. */
  async noteSnapshot(client: string, at: Date): Promise<void> {
    await this.#records.sightings.putSnapshot(client, at.getTime());
  }

  /** Puts on record what clients say of their sets, the last word of each. */
  async noteReports(reports: readonly ClientReport[]): Promise<void> {
    for (let at = 0; at < reports.length; at += atOnce)
      await this.#records.transaction(async ({ nodeReports }) => {
        for (const { client, receivedMs, report, arrivals } of reports.slice(at, at + atOnce))
          await nodeReports.put({
            name: client,
            received_at: receivedMs,
            report: JSON.stringify(report),
            arrivals: JSON.stringify(arrivals),
          });
      });
  }

  /** What a client said last of its sets. */
  async report(client: string): Promise<ReceivedReport | undefined> {
    const row = await this.#records.nodeReports.find(client);
    return row && receivedReport(row);
  }

  /** Those after one, by role and name. */
  async list({
    after,
    ...filter
  }: {
    readonly after?: { readonly role: string; readonly name: string } | undefined;
    readonly role?: Role;
    readonly name?: string;
    readonly limit: number;
  }): Promise<NodeView[]> {
    const identities = await this.#records.identities.page(after ?? { role: '', name: '' }, filter);
    const [first] = identities;
    const last = identities.at(-1);
    if (first === undefined || last === undefined) return [];
    const rows = Map.groupBy(await this.#records.sightings.between(first, last), labelOf);
    const nowMs = this.#clock.now();
    const reports = await this.#reportsOf(identities);
    return identities.map(({ role, name, revoked_at, live_until }) => {
      const seen = rows.get(labelOf({ role, name })) ?? [];
      const report = role === 'client' && revoked_at === null ? reports.get(name) : undefined;
      const snapshots = seen.flatMap(({ snapshot_at }) => snapshot_at ?? []);
      const isLive = live_until !== null && live_until >= nowMs;
      return {
        role,
        name,
        state: revoked_at !== null ? 'revoked' : isLive ? 'live' : 'ended',
        notAfter: live_until === null ? undefined : new Date(live_until),
        seen: seen.map(sightingOf),
        lastBackup: snapshots.length === 0 ? undefined : new Date(Math.max(...snapshots)),
        report:
          report && judgeReport(report, { nowMs, heardMs: seen[0]?.seen_at ?? Number.NEGATIVE_INFINITY }),
      };
    });
  }

  async #reportsOf(
    identities: readonly { readonly role: Role; readonly name: string }[],
  ): Promise<ReadonlyMap<string, ReceivedReport>> {
    const clients = identities.filter(({ role }) => role === 'client');
    const [first, last] = [clients.at(0), clients.at(-1)];
    if (first === undefined || last === undefined) return new Map();
    const rows = await this.#records.nodeReports.between(first.name, last.name);
    return new Map(
      rows.flatMap((row) => {
        const received = receivedReport(row);
        return received === undefined ? [] : [[row.name, received] as const];
      }),
    );
  }

  /** Those with an identity who said, when they came last over TLS, that something of their own policy is weaker; at most `limit`. */
  async weaker(limit: number): Promise<Sighting[]> {
    return (await this.#records.sightings.weaker(limit)).map(sightingOf);
  }

  /** Who asked a plain port for a repository within the last 30 days: those with an identity first, at most `limit`. */
  async onPlain(limit: number): Promise<Sighting[]> {
    const rows = await this.#records.sightings.onPlain(this.#clock.now() - rememberedMs, limit);
    return rows.map(sightingOf);
  }
}

function labelOf({ role, name }: { readonly role: string; readonly name: string }): string {
  return `${role}/${name}`;
}

/** Nothing of what another version wrote. */
function receivedReport({ received_at, report, arrivals }: NodeReportRow): ReceivedReport | undefined {
  const told: unknown = JSON.parse(report);
  if (!isMessage(AgentReport, told)) return undefined;
  const came = JSON.parse(arrivals) as Readonly<Record<string, Arrival>>;
  return { report: told, receivedMs: received_at, arrivals: came };
}

function rowOf(sighting: Sighting): SightingRow {
  const { role = '', name, kind, service, seenAt, address, listener, connection, certificate } = sighting;
  const { by = null, software = null, weaker, snapshotAt } = sighting;
  return {
    role,
    name,
    kind,
    service,
    seen_at: seenAt.getTime(),
    address,
    listener,
    protocol: connection?.protocol ?? null,
    cipher: connection?.cipher ?? null,
    key_group: connection?.group ?? null,
    named_by: by,
    serial: certificate?.serial ?? null,
    not_after: certificate?.notAfter.getTime() ?? null,
    software,
    weaker: weaker.length === 0 ? null : weaker.join(','),
    snapshot_at: snapshotAt?.getTime() ?? null,
  };
}

function sightingOf(row: SightingRow): Sighting {
  const { protocol, cipher, key_group: group, serial, not_after } = row;
  return {
    role: roles.find((each) => each === row.role),
    name: row.name,
    kind: row.kind,
    service: row.service,
    seenAt: new Date(row.seen_at),
    address: row.address,
    listener: row.listener,
    connection: protocol === null ? undefined : { protocol, cipher: cipher ?? '', group: group ?? '' },
    by: row.named_by ?? undefined,
    certificate:
      serial === null || not_after === null ? undefined : { serial, notAfter: new Date(not_after) },
    software: row.software ?? undefined,
    weaker: row.weaker === null ? [] : row.weaker.split(','),
    snapshotAt: row.snapshot_at === null ? undefined : new Date(row.snapshot_at),
  };
}
