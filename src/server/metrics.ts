import type { Socket } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { type Authority, noQuota, type StorageNode } from '../authority/index.ts';
import { type Clock, programVersion, secondMs } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import { acceptedConnection } from '../transport/index.ts';
import { everyNode } from './every-node.ts';
import type { Seen } from './sightings.ts';
import type { StorageEvent } from './storage-handler.ts';
import type { StoreFigure } from './store-meter.ts';

/** One value, and what tells it from the others of its name. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All values of one name, which are looked up and not kept. */
interface Family {
  /** With its unit. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What values are written as: version 0.0.4 of the text format. */
export const expositionType = Registry.PROMETHEUS_CONTENT_TYPE;

export interface MetricsOptions {
  readonly authority: Authority;
  /** What else is measured: the store, how it is read through, its copies. */
  readonly meters: readonly { readonly measure: () => Promise<readonly StoreFigure[]> }[];
  /** Certificates from elsewhere that the server shows, and whether what is bound by now cannot be read. */
  readonly bound: () => {
    readonly shown: readonly { readonly target: string; readonly notAfter: Date }[];
    readonly isUnread: boolean;
  };
  readonly clock: Pick<Clock, 'now'>;
}

/** How long what was looked up is told again: whoever scrapes more often costs no more. */
const lookedUpEveryMs = 10 * secondMs;
/** So many nodes have values of their own. */
const maxNodes = 10_000;

/** What a server counts, and what it looks up for whoever watches it from elsewhere. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #registry = new Registry();
  readonly #connections = new Counter({
    name: 'holdfast_connections_total',
    help: 'Connections that came about, by listener, version of TLS and key-exchange group.',
    labelNames: ['listener', 'protocol', 'group'],
    registers: [this.#registry],
  });
  readonly #requests = new Counter({
    name: 'holdfast_requests_total',
    help: 'Requests by listener and by what the sender was named: certificate, token, ticket, local or nobody.',
    labelNames: ['listener', 'by'],
    registers: [this.#registry],
  });
  readonly #letIn = new Counter({
    name: 'holdfast_let_in_total',
    help: 'Connections let in by a bearer token though the listener asks for a certificate, by what was wrong with that.',
    labelNames: ['listener', 'cause'],
    registers: [this.#registry],
  });
  readonly #refusals = new Counter({
    name: 'holdfast_refusals_total',
    help: 'Requests that were refused, by cause.',
    labelNames: ['cause'],
    registers: [this.#registry],
  });
  readonly #bytes = new Counter({
    name: 'holdfast_storage_bytes_total',
    help: 'Bytes of repositories that came and went.',
    labelNames: ['direction'],
    registers: [this.#registry],
  });
  #lookedUp: { readonly text: Promise<string>; readonly atMs: number } | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** A connection is ready. */
  connected({ name }: ListenerPolicy, socket: Socket): void {
    const { protocol = 'plain', group = '' } = acceptedConnection(socket) ?? {};
    this.#connections.inc({ listener: name, protocol, group });
  }

  /** A request was let in. */
  asked({ listener, peer }: Pick<Seen, 'listener' | 'peer'>): void {
    this.#requests.inc({ listener: listener.name, by: peer?.by ?? 'nobody' });
  }

  letIn(listener: string, cause: string): void {
    this.#letIn.inc({ listener, cause });
  }

  refused(code: string): void {
    this.#refusals.inc({ cause: code });
  }

  stored({ receivedBytes, sentBytes }: StorageEvent): void {
    this.#bytes.inc({ direction: 'received' }, receivedBytes);
    this.#bytes.inc({ direction: 'sent' }, sentBytes);
  }

  /** All of it, as text. */
  async text(): Promise<string> {
    const nowMs = this.#options.clock.now();
    if (this.#lookedUp === undefined || Math.abs(nowMs - this.#lookedUp.atMs) >= lookedUpEveryMs) {
      const text = lookUp(this.#options).then(textOf);
      this.#lookedUp = { text, atMs: nowMs };
      text.catch(() => (this.#lookedUp = undefined));
    }
    return (await this.#registry.metrics()) + (await this.#lookedUp.text);
  }
}

/** Families as text; those without a value are left out. */
async function textOf(families: readonly Family[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, samples } of families) {
    const [first] = samples;
    if (first === undefined) continue;
    const labelNames = Object.keys(first.labels ?? {});
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const { labels = {}, value } of samples) gauge.set(labels, value);
  }
  return await registry.metrics();
}

async function lookUp(options: MetricsOptions): Promise<Family[]> {
  const { authority, meters } = options;
  const { shown, isUnread } = options.bound();
  return [
    gauge('holdfast_build_info', 'Version of the server, always 1.', [
      { labels: { version: programVersion() }, value: 1 },
    ]),
    gauge('holdfast_authority_ready', 'Whether the authority may work.', [
      { value: Number(authority.standing === 'ready') },
    ]),
    gauge(
      'holdfast_bound_certificates_unread',
      'Whether certificates that are bound cannot be read, so that those of before are shown on.',
      [{ value: Number(isUnread) }],
    ),
    ...(await nodeFamilies(authority, shown)),
    ...(await evidenceFamilies(authority)),
    ...(await clientFamilies(authority)),
    ...(await storageFamilies(authority)),
    ...(await Promise.all(meters.map((meter) => meter.measure())))
      .flat()
      .map(({ name, help, value }) => gauge(name, help, [{ value }])),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, samples };
}

async function nodeFamilies(
  authority: Authority,
  bound: readonly { readonly target: string; readonly notAfter: Date }[],
): Promise<Family[]> {
  const ends: Sample[] = [
    { labels: { kind: 'root', name: 'root' }, value: seconds(authority.root.notAfter) },
    { labels: { kind: 'issuing', name: 'issuing' }, value: seconds(authority.issuing.notAfter) },
    ...bound.map(({ target, notAfter }) => ({
      labels: { kind: 'bound', name: target },
      value: seconds(notAfter),
    })),
    ...(await authority.revocation.ocspSigners()).map(({ label, notAfter }) => ({
      labels: { kind: 'ocsp', name: label },
      value: seconds(notAfter),
    })),
  ];
  const seen: Sample[] = [];
  const snapshots: Sample[] = [];
  const told: Sample[] = [];
  const states: Sample[] = [];
  const arrived: Sample[] = [];
  const due: Sample[] = [];
  const proven: Sample[] = [];
  const drills: Sample[] = [];
  const unproven: Sample[] = [];
  for await (const node of everyNode(authority, maxNodes)) {
    const { role, name } = node;
    if (node.state !== 'revoked' && node.notAfter !== undefined)
      ends.push({ labels: { kind: role, name }, value: seconds(node.notAfter) });
    const [last] = node.seen;
    if (last !== undefined) seen.push({ labels: { role, name }, value: seconds(last.seenAt) });
    if (node.state !== 'revoked' && node.lastBackup !== undefined)
      snapshots.push({ labels: { client: name }, value: seconds(node.lastBackup) });
    if (node.report !== undefined)
      told.push({ labels: { client: name }, value: seconds(node.report.received) });
    for (const set of node.report?.sets ?? []) {
      const labels = { client: name, set: set.name };
      states.push({ labels: { ...labels, state: set.state }, value: 1 });
      due.push({ labels, value: seconds(set.next) });
      const came = set.success?.arrived;
      if (came !== undefined) arrived.push({ labels, value: seconds(came) });
      if (set.unproven !== undefined) unproven.push({ labels, value: seconds(set.unproven) });
      if (set.drill === undefined) continue;
      drills.push({ labels: { ...labels, result: set.drill.result }, value: 1 });
      if (set.drill.proven !== undefined) proven.push({ labels, value: seconds(set.drill.proven) });
    }
  }
  return [
    gauge(
      'holdfast_certificate_not_after_timestamp_seconds',
      'When the certificate of a node, of the authority, of an OCSP signer or from elsewhere ends.',
      ends,
    ),
    gauge('holdfast_node_seen_timestamp_seconds', 'When a node was seen last.', seen),
    gauge(
      'holdfast_newest_snapshot_timestamp_seconds',
      'When the newest snapshot of a client came here.',
      snapshots,
    ),
    gauge('holdfast_report_timestamp_seconds', 'When a client told last how its backup sets stand.', told),
    gauge(
      'holdfast_set_state',
      'How a backup set of a client stands by the clock of the server, always 1.',
      states,
    ),
    gauge('holdfast_set_due_timestamp_seconds', 'When a backup set of a client is to run next.', due),
    gauge(
      'holdfast_set_snapshot_timestamp_seconds',
      'When the newest snapshot of a backup set came here.',
      arrived,
    ),
    gauge(
      'holdfast_set_proven_timestamp_seconds',
      'When a restore drill last proved a backup set of a client, by its word.',
      proven,
    ),
    gauge(
      'holdfast_set_unproven_timestamp_seconds',
      'Since when nothing has proven a backup set of a client, where a restore drill should have.',
      unproven,
    ),
    gauge(
      'holdfast_set_drill',
      'What is known of a backup set of a client by its restore drills, always 1.',
      drills,
    ),
  ];
}

async function clientFamilies({ activity, clients, policy }: Authority): Promise<Family[]> {
  const usage = [...(await activity.usage())].slice(0, maxNodes);
  const bounds = await clients.bounds();
  const quotas = usage.flatMap(([client]) => {
    const value = bounds.get(client)?.quotaBytes ?? policy.current.quotaBytes;
    return value === 0 || value === noQuota ? [] : [{ labels: { client }, value }];
  });
  const alarms = [...(await activity.alarms())].flatMap(([client, raised]) =>
    raised.map(({ alarm }) => ({ labels: { client, alarm }, value: 1 })),
  );
  return [
    gauge(
      'holdfast_client_stored_bytes',
      'Bytes that a client has stored.',
      usage.map(([client, { bytes: value }]) => ({ labels: { client }, value })),
    ),
    gauge(
      'holdfast_client_trash_bytes',
      'Bytes of a client that rest in the trash.',
      usage.map(([client, { trashBytes: value }]) => ({ labels: { client }, value })),
    ),
    gauge('holdfast_client_quota_bytes', 'Bytes that a client may store, where that is bounded.', quotas),
    gauge('holdfast_client_alarm', 'What of a client is not as usual, always 1.', alarms),
  ];
}

/** What storage nodes say of themselves. */
async function storageFamilies({ storageNodes }: Authority): Promise<Family[]> {
  const nodes = (await storageNodes.list()).slice(0, maxNodes);
  const samples = (valueOf: (told: NonNullable<StorageNode['told']>) => number | undefined): Sample[] =>
    nodes.flatMap(({ name, told }) => {
      const value = told && valueOf(told);
      return value === undefined ? [] : [{ labels: { node: name }, value }];
    });
  return [
    gauge(
      'holdfast_storage_node_report_timestamp_seconds',
      'When a storage node told last how it is.',
      samples(({ receivedAt }) => seconds(receivedAt)),
    ),
    gauge(
      'holdfast_storage_node_view_timestamp_seconds',
      'When the view of the network was made that a storage node goes by.',
      samples(({ report }) => seconds(new Date(report.viewMade))),
    ),
    gauge(
      'holdfast_storage_node_problem',
      'Whether a storage node serves no repositories, by its word.',
      samples(({ report }) => Number(report.problem !== undefined)),
    ),
    gauge(
      'holdfast_storage_node_capacity_bytes',
      'Bytes of the disk of a storage node.',
      samples(({ report }) => report.capacity),
    ),
    gauge(
      'holdfast_storage_node_free_bytes',
      'Bytes that can still be stored on the disk of a storage node.',
      samples(({ report }) => report.free),
    ),
    gauge(
      'holdfast_storage_node_stored_bytes',
      'Bytes of all repositories of a storage node.',
      samples(({ report }) => report.stored),
    ),
  ];
}

async function evidenceFamilies(authority: Authority): Promise<Family[]> {
  const lists = await authority.revocation.lists();
  const { newestOcsp } = authority.revocation;
  const [backup] = await authority.backups.list();
  return [
    gauge(
      'holdfast_crl_this_update_timestamp_seconds',
      'When the newest revocation list of an issuer was signed.',
      lists.map(({ label, signedAt }) => ({ labels: { issuer: label }, value: seconds(signedAt) })),
    ),
    gauge(
      'holdfast_crl_next_update_timestamp_seconds',
      'When there has to be another revocation list of an issuer.',
      lists.map(({ label, nextUpdate }) => ({ labels: { issuer: label }, value: seconds(nextUpdate) })),
    ),
    gauge(
      'holdfast_ocsp_produced_timestamp_seconds',
      'When the newest OCSP answer was signed that was given since the start.',
      newestOcsp === undefined ? [] : [{ value: seconds(newestOcsp) }],
    ),
    gauge(
      'holdfast_authority_backup_timestamp_seconds',
      'When the newest backup of the authority was made.',
      backup === undefined ? [] : [{ value: seconds(backup.madeAt) }],
    ),
  ];
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / secondMs);
}
