import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Sighting } from '../authority/index.ts';
import { type Clock, type Log, minuteMs } from '../base/index.ts';
import { clientPolicyHeader, type ListenerPolicy, readToldPolicy, type Service } from '../policy/index.ts';
import { acceptedConnection, type Peer } from '../transport/index.ts';
import { peerAddress } from './read-request.ts';
import type { TicketPeer } from './ticket-gate.ts';

/** One request, and who sent it: nobody where he has no identity. */
export interface Seen {
  readonly request: IncomingMessage;
  readonly listener: ListenerPolicy;
  readonly service: Service;
  readonly peer: Peer | TicketPeer | undefined;
}

export interface SightingsOptions {
  /** Puts them on record. */
  readonly keep: (seen: readonly Sighting[]) => Promise<void>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** How often one who comes as before is put on record. */
const keptEveryMs = minuteMs;
/** So many are told apart that have an identity, and that have none; whoever came longest ago is forgotten, here and not on record. */
const maxNodes = 50_000;
const maxStrangers = 1000;

/** What does not change while a connection lasts. */
type ConnectionFacts = Pick<Sighting, 'kind' | 'address' | 'connection'>;

interface Known {
  readonly sighting: Omit<Sighting, 'seenAt' | 'snapshotAt'>;
  readonly facts: ConnectionFacts;
  /** As it stood in the request, with what named the peer. */
  readonly told: string;
  seenMs: number;
  snapshotAt: Date | undefined;
  /** Whether what is on record says something else. */
  isChanged: boolean;
  keptMs: number;
}

/**
 * Who was seen, gathered while requests are answered and put on record later: what a request adds is a look into a table, and a
 * client is written at most once a minute, or when it comes otherwise than before.
 */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #nodes = new Map<string, Known>();
  readonly #strangers = new Map<string, Known>();
  readonly #touched = new Set<Known>();
  readonly #facts = new WeakMap<Socket, ConnectionFacts>();
  #flushing: Promise<void> | undefined;

  constructor(options: SightingsOptions) {
    this.#options = options;
  }

  /** One request has come. */
  see(seen: Seen): void {
    const { request, peer } = seen;
    const facts = this.#factsOf(request.socket);
    const known = peer === undefined ? this.#strangers : this.#nodes;
    const key = keyOf(seen, facts);
    const before = known.get(key);
    const { 'user-agent': software } = request.headers;
    const policy = request.headers[clientPolicyHeader];
    const told = `${software} ${String(policy)} ${proofOf(peer)}`;
    const seenMs = this.#options.clock.now();
    if (before?.facts === facts && before.told === told && before.sighting.listener === seen.listener.name) {
      before.seenMs = seenMs;
      this.#touched.add(before);
      return;
    }
    const sighting = { ...facts, ...describe(seen, facts) };
    const { keptMs = Number.NEGATIVE_INFINITY, snapshotAt } = before ?? {};
    const isChanged = before?.isChanged !== false || !isDeepStrictEqual(before.sighting, sighting);
    const next: Known = { sighting, facts, told, seenMs, snapshotAt, isChanged, keptMs };
    if (before !== undefined) this.#touched.delete(before);
    known.delete(key);
    known.set(key, next);
    this.#touched.add(next);
    this.#forgetOldest(known, peer === undefined ? maxStrangers : maxNodes);
  }

  /** A snapshot of a client has come, with a request that was seen. */
  seeSnapshot(client: string): void {
    const known = this.#nodes.get(`client/${client} tls storage`);
    if (known === undefined) return;
    known.snapshotAt = new Date(this.#options.clock.now());
    known.isChanged = true;
    this.#touched.add(known);
  }

  /** Puts on record who is due, or everybody; what cannot be written now is tried again. */
  async flush(which: 'due' | 'all'): Promise<void> {
    await this.#flushing;
    this.#flushing = this.#write(which).finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #write(which: 'due' | 'all'): Promise<void> {
    const nowMs = this.#options.clock.now();
    const due = [...this.#touched].filter(
      ({ isChanged, keptMs }) => which === 'all' || isChanged || Math.abs(nowMs - keptMs) >= keptEveryMs,
    );
    if (due.length === 0) return;
    for (const known of due) {
      this.#touched.delete(known);
      known.isChanged = false;
      known.keptMs = nowMs;
    }
    try {
      await this.#options.keep(
        due.map(({ sighting, seenMs, snapshotAt }) => ({
          ...sighting,
          seenAt: new Date(seenMs),
          snapshotAt,
        })),
      );
    } catch (error) {
      for (const known of due) this.#touched.add(known);
      this.#options.log.warn('who was seen could not be put on record', { error });
    }
  }

  #factsOf(socket: Socket): ConnectionFacts {
    const known = this.#facts.get(socket);
    if (known !== undefined) return known;
    const connection = acceptedConnection(socket);
    const kind = connection === undefined ? 'plain' : 'tls';
    const facts: ConnectionFacts = { kind, address: peerAddress({ socket }), connection };
    this.#facts.set(socket, facts);
    return facts;
  }

  #forgetOldest(known: Map<string, Known>, most: number): void {
    const [oldest] = known;
    if (known.size <= most || oldest === undefined) return;
    known.delete(oldest[0]);
    this.#touched.delete(oldest[1]);
  }
}

function keyOf({ service, peer }: Seen, { kind, address }: ConnectionFacts): string {
  const who = peer === undefined ? address : `${peer.identity.role}/${peer.identity.name}`;
  return `${who} ${kind} ${service}`;
}

/** What changes when a certificate was renewed. */
function proofOf(peer: Seen['peer']): string {
  return peer?.by === 'certificate' ? peer.serial : (peer?.by ?? '');
}

function describe(
  { request, listener, service, peer }: Seen,
  { address }: ConnectionFacts,
): Omit<Known['sighting'], keyof ConnectionFacts> {
  const { headers } = request;
  return {
    role: peer?.identity.role,
    name: peer?.identity.name ?? address,
    service,
    listener: listener.name,
    by: peer === undefined || peer.by === 'local' ? undefined : peer.by,
    certificate: peer?.by === 'certificate' ? { serial: peer.serial, notAfter: peer.notAfter } : undefined,
    software: readSoftware(headers['user-agent']),
    weaker: readToldPolicy(headers[clientPolicyHeader]),
  };
}

const maxSoftwareLength = 60;

/** What stands for people, and not what would steer their terminals. */
function readSoftware(told: string | undefined): string | undefined {
  const text = told?.slice(0, maxSoftwareLength);
  return text !== undefined && /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}
