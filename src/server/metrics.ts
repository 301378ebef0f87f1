import type { Socket } from 'node:net';
import type { Authority } from '../authority/index.ts';
import { type Clock, programVersion, secondMs } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import { acceptedConnection } from '../transport/index.ts';
import type { Seen } from './sightings.ts';
import type { StorageEvent } from './storage-handler.ts';
import type { StoreMeter } from './store-meter.ts';

/** One value, and what tells it from the others of its name. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All values of one name. */
interface Family {
  /** With its unit; what only grows ends with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

/** In the text format 0.0.4 of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Families as that text; those without a value are left out. */
function formatFamilies(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(linesOf)
    .join('');
}

function linesOf({ name, help, type, samples }: Family): string[] {
  return [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`,
    `# TYPE ${name} ${type}\n`,
    ...samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${value}\n`),
  ];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** So many values of one name are told apart. */
const maxSamples = 1000;

/** What only grows while the server runs. */
class Counter {
  readonly #about: Pick<Family, 'name' | 'help'>;
  readonly #samples = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  constructor(name: string, help: string) {
    this.#about = { name, help };
  }

  add(labels: Readonly<Record<string, string>>, by = 1): void {
    const key = Object.values(labels).join('\0');
    const known = this.#samples.get(key);
    if (known !== undefined) known.value += by;
    else if (this.#samples.size < maxSamples) this.#samples.set(key, { labels, value: by });
  }

  family(): Family {
    return { ...this.#about, type: 'counter', samples: [...this.#samples.values()] };
  }
}

export interface MetricsOptions {
  readonly authority: Authority;
  readonly store: StoreMeter;
  /** Certificates from elsewhere that the server shows. */
  readonly bound: () => Promise<readonly { readonly target: string; readonly notAfter: string }[]>;
  readonly clock: Pick<Clock, 'now'>;
}

/** How long what was looked up is told again: whoever scrapes more often costs no more. */
const lookedUpEveryMs = 10 * secondMs;
/** So many nodes have values of their own. */
const maxNodes = 10_000;
const pageSize = 1000;

/** What a server counts, and what it looks up for whoever watches it from elsewhere. */
export class Metrics {
  readonly #options: MetricsOptions;
  readonly #connections = new Counter(
    'holdfast_connections_total',
    'Connections that came about, by listener, version of TLS and key-exchange group.',
  );
  readonly #requests = new Counter(
    'holdfast_requests_total',
    'Requests by listener and by what the sender was named: certificate, token, ticket, local or nobody.',
  );
  readonly #letIn = new Counter(
    'holdfast_let_in_total',
    'Connections let in by a bearer token though the listener asks for a certificate, by what was wrong with that.',
  );
  readonly #refusals = new Counter('holdfast_refusals_total', 'Requests that were refused, by cause.');
  readonly #bytes = new Counter('holdfast_storage_bytes_total', 'Bytes of repositories that came and went.');
  #lookedUp: { readonly text: Promise<string>; readonly atMs: number } | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** A connection is ready. */
  connected({ name }: ListenerPolicy, socket: Socket): void {
    const { protocol = 'plain', group = '' } = acceptedConnection(socket) ?? {};
    this.#connections.add({ listener: name, protocol, group });
  }

  /** A request was let in. */
  asked({ listener, peer }: Pick<Seen, 'listener' | 'peer'>): void {
    this.#requests.add({ listener: listener.name, by: peer?.by ?? 'nobody' });
  }

  letIn(listener: string, cause: string): void {
    this.#letIn.add({ listener, cause });
  }

  refused(code: string): void {
    this.#refusals.add({ cause: code });
  }

  stored({ receivedBytes, sentBytes }: StorageEvent): void {
    this.#bytes.add({ direction: 'received' }, receivedBytes);
    this.#bytes.add({ direction: 'sent' }, sentBytes);
  }

  /** All of it, as text. */
  async text(): Promise<string> {
    const nowMs = this.#options.clock.now();
    if (this.#lookedUp === undefined || Math.abs(nowMs - this.#lookedUp.atMs) >= lookedUpEveryMs) {
      const text = lookUp(this.#options).then(formatFamilies);
      this.#lookedUp = { text, atMs: nowMs };
      text.catch(() => (this.#lookedUp = undefined));
    }
    const counted = [this.#connections, this.#requests, this.#letIn, this.#refusals, this.#bytes];
    return formatFamilies(counted.map((each) => each.family())) + (await this.#lookedUp.text);
  }
}

async function lookUp(options: MetricsOptions): Promise<Family[]> {
  const { authority, store, bound } = options;
  return [
    gauge('holdfast_build_info', 'Version of the server, always 1.', [
      { labels: { version: programVersion() }, value: 1 },
    ]),
    gauge('holdfast_authority_ready', 'Whether the authority may work.', [
      { value: Number(authority.standing === 'ready') },
    ]),
    ...(await nodeFamilies(authority, await bound())),
    ...(await evidenceFamilies(authority)),
    ...(await store.measure()).map(({ name, help, value }) => gauge(name, help, [{ value }])),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}

async function nodeFamilies(
  authority: Authority,
  bound: readonly { readonly target: string; readonly notAfter: string }[],
): Promise<Family[]> {
  const ends: Sample[] = [
    { labels: { kind: 'root', name: 'root' }, value: seconds(authority.root.notAfter) },
    { labels: { kind: 'issuing', name: 'issuing' }, value: seconds(authority.issuing.notAfter) },
    ...bound.map(({ target, notAfter }) => ({
      labels: { kind: 'bound', name: target },
      value: seconds(new Date(notAfter)),
    })),
    ...(await authority.revocation.ocspSigners()).map(({ label, notAfter }) => ({
      labels: { kind: 'ocsp', name: label },
      value: seconds(notAfter),
    })),
  ];
  const seen: Sample[] = [];
  const snapshots: Sample[] = [];
  for await (const node of nodesOf(authority)) {
    const { role, name } = node;
    if (node.state !== 'revoked' && node.notAfter !== undefined)
      ends.push({ labels: { kind: role, name }, value: seconds(node.notAfter) });
    const [last] = node.seen;
    if (last !== undefined) seen.push({ labels: { role, name }, value: seconds(last.seenAt) });
    if (node.state !== 'revoked' && node.lastBackup !== undefined)
      snapshots.push({ labels: { client: name }, value: seconds(node.lastBackup) });
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
  ];
}

async function* nodesOf({
  nodes,
}: Authority): AsyncGenerator<Awaited<ReturnType<typeof nodes.list>>[number]> {
  let after: { readonly role: string; readonly name: string } | undefined;
  for (let count = 0; count < maxNodes; ) {
    const page = await nodes.list({ after, limit: Math.min(pageSize, maxNodes - count) });
    yield* page;
    count += page.length;
    after = page.at(-1);
    if (page.length < pageSize) return;
  }
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
