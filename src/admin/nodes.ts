import { type Static, Type } from 'typebox';
import {
  type Authority,
  type ClientBounds,
  identityLabel,
  type JudgedReport,
  type JudgedSet,
  type Sighting,
} from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { type Identity, roles } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, PresentWhen, TextOrNull, Time, TimeOrNull } from './answer.ts';

export const nodeListInput = Type.Object(
  {
    role: Type.Optional(Type.Enum([...roles])),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    /** `client/laptop`: the last one of the page before. */
    after: Type.Optional(Type.String({ minLength: 3, maxLength: 80 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** When somebody was seen on a kind of listener, asking for a service, and how he came. */
export const SightingView = Type.Object({
  /** `tls` or `plain` */
  kind: Type.String(),
  service: Type.String(),
  seenAt: Time,
  address: Type.String(),
  listener: Type.String(),
  /** `TLS 1.3`; null on a plain line, as are the two after it. */
  protocol: TextOrNull,
  cipher: TextOrNull,
  group: TextOrNull,
  /** `certificate`, `token` or `ticket`; null for who has no identity. */
  by: TextOrNull,
  /** Of the certificate that was shown. */
  serial: TextOrNull,
  notAfter: TimeOrNull,
  /** What it says to be: `holdfast/0.1.0`. Its word only. */
  software: TextOrNull,
  /** Keys of its own policy that it says to be weaker than the default. Its word only. */
  weaker: Type.Array(Type.String()),
});

/** What one client may do with its repositories. */
export const ClientBoundsView = Type.Object({
  /** Whether its removals are heard. */
  prune: Type.Boolean(),
  /** Bytes that it may store; null for what the policy says. */
  quota: Type.Union([Type.Integer(), Type.Null()]),
  /** Since when it may read and nothing else. */
  quarantinedAt: TimeOrNull,
});

const Bytes = Type.Integer();

/** A backup set of a client, as it says, judged by the server's clock and by what arrived. */
const ReportedSetView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  every: Type.String(),
  state: Type.Enum(['never', 'ok', 'late', 'missed', 'failed', 'partial', 'stuck', 'silent']),
  since: Time,
  /** What is wrong, in a sentence. */
  why: PresentWhen('it is not ok', Type.String()),
  /** When its next run is due. */
  next: Time,
  running: Type.Boolean(),
  /** Whether it goes to another place, of which the server sees nothing. */
  elsewhere: Type.Boolean(),
  /** Versions of it that the machine keeps until it reaches a server. */
  waiting: PresentWhen(
    'some wait, by its word',
    Type.Object({
      versions: Type.Integer(),
      bytes: Bytes,
      since: Time,
      /** Whether the newest found no room there. */
      refused: Type.Boolean(),
    }),
  ),
  /** Its newest attempt. */
  last: PresentWhen(
    'there was one',
    Type.Object({
      begun: Time,
      ended: PresentWhen('it has ended', Time),
      result: Type.Enum(['ok', 'partial', 'failed', 'kept', 'running', 'cut off']),
      code: PresentWhen('it failed by something that has a code', Type.String()),
      message: PresentWhen('it failed by something that has a code', Type.String()),
    }),
  ),
  /** Its newest attempt that brought a snapshot. */
  success: PresentWhen(
    'there was one',
    Type.Object({
      ended: Time,
      snapshot: PresentWhen('the client names it', Type.String()),
      /** When it came here. */
      arrived: PresentWhen('it is here', Time),
      bytes: PresentWhen('the client says it', Bytes),
      added: PresentWhen('the client says it', Bytes),
    }),
  ),
  /** What the client says of its restore drills. */
  drill: PresentWhen(
    'there was one, and the server is new enough to say it',
    Type.Object({
      /** When the newest one ended, and what is known since. */
      ended: Time,
      result: Type.Enum(['proven', 'damaged', 'different', 'empty', 'failed']),
      /** When one ended last that proved the set. */
      proven: PresentWhen('one did', Time),
      /** Of the newest one: files that were restored and are as they were saved, and bytes restored. */
      files: Type.Integer(),
      bytes: Bytes,
      found: PresentWhen('something was found wrong, or it could not be held', Type.String()),
    }),
  ),
  /** Since when nothing has proven it. */
  unproven: PresentWhen('that is longer than three weeks, though its machine is to hold drills', Time),
});

/** What a client says of its backup sets. */
const ReportView = Type.Object({
  received: Time,
  /** Whether an agent runs there. */
  agent: Type.Boolean(),
  /** How many sets it has; those that are listed may be fewer. */
  total: Type.Integer(),
  sets: Type.Array(ReportedSetView),
  refused: PresentWhen(
    'it refuses sets that the server sends',
    Type.Array(Type.Object({ name: Type.String(), code: Type.String(), message: Type.String() })),
  ),
});

/** Where a storage node is, and what it says of itself; null for what it has not said. */
const StorageNodeView = Type.Object({
  /** `https://host:port`, as clients are told; none before it was started. */
  servers: Type.Array(Type.String()),
  /** When it told last. */
  told: TimeOrNull,
  /** When the view of the network was made that it goes by. */
  viewMade: TimeOrNull,
  /** Why it serves no repositories. */
  problem: TextOrNull,
  /** What else needs attention there: stored files that are damaged, copies that lag behind. */
  attention: TextOrNull,
  /** Bytes of its disk, that can still be stored there, and of all repositories. */
  capacity: Type.Union([Bytes, Type.Null()]),
  free: Type.Union([Bytes, Type.Null()]),
  stored: Type.Union([Bytes, Type.Null()]),
});

/** A page of nodes. */
export const NodeListAnswer = Type.Array(
  Type.Object({
    role: Type.String(),
    name: Type.String(),
    state: Type.Enum(['live', 'ended', 'revoked']),
    /** The end of its last certificate that is not revoked. */
    notAfter: TimeOrNull,
    /** When its newest snapshot came here. */
    lastBackup: TimeOrNull,
    /** The newest first; nothing where it was never seen. */
    seen: Type.Array(SightingView),
    /** How much of a client is stored, and rests in the trash; bytes. */
    usage: PresentWhen(
      'it is a client of which something is stored, and the server is new enough to say it',
      Type.Object({
        stored: Type.Integer(),
        trash: Type.Integer(),
        /** By how much that grew within the last seven days; less than nothing where it shrank. */
        growth: PresentWhen('the server is new enough to say it', Bytes),
      }),
    ),
    /** What it says of its backup sets. */
    report: PresentWhen('it is a client that has said it, and is not revoked', ReportView),
    /** What of a client is not as usual, and should be looked at. */
    alarms: PresentWhen(
      'it is a client, and the server is new enough to say it',
      Type.Array(Type.Object({ alarm: Type.String(), since: Time, detail: Type.String() })),
    ),
    storage: PresentWhen(
      'it is a storage node whose certificate is good, and the server is new enough to say it',
      StorageNodeView,
    ),
    /** What a client may beyond reading and adding. */
    bounds: PresentWhen('it is a client, and the server is new enough to say it', ClientBoundsView),
  }),
);

/** Every node of the network and when it was seen, by role and name, a page at a time. Errors: `input_invalid` */
export async function listNodes(
  { authority }: AdminContext,
  { after, limit = maxListed, ...filter }: Static<typeof nodeListInput>,
): Promise<Answer<typeof NodeListAnswer>> {
  const nodes = await authority.nodes.list({
    ...filter,
    after: after === undefined ? undefined : identityIn(after),
    limit,
  });
  const clients = await clientViews(authority);
  const storage = nodes.some(({ role }) => role === 'storage') ? await storageViews(authority) : noViews;
  return nodes.map(({ notAfter, lastBackup, seen, report, ...node }) => ({
    ...node,
    ...(node.role === 'client' && clients(node.name)),
    ...(node.role === 'storage' && storage.has(node.name) && { storage: storage.get(node.name) }),
    ...(report && { report: reportView(report) }),
    notAfter: notAfter?.toISOString() ?? null,
    lastBackup: lastBackup?.toISOString() ?? null,
    seen: seen.map(viewOf),
  }));
}

function reportView({ received, hasAgent, total, sets, refused }: JudgedReport): Answer<typeof ReportView> {
  return {
    received: received.toISOString(),
    agent: hasAgent,
    total,
    sets: sets.map(setView),
    ...(refused.length > 0 && { refused }),
  };
}

function setView(set: JudgedSet): Static<typeof ReportedSetView> {
  const { id, name, every, state, since, why, next, running, isElsewhere, waiting, last, success } = set;
  const { drill, unproven } = set;
  return {
    id,
    name,
    every,
    state,
    running,
    since: since.toISOString(),
    ...(why !== undefined && { why }),
    next: next.toISOString(),
    elsewhere: isElsewhere,
    ...(waiting && { waiting: withTimes(waiting) }),
    ...(last && { last: withTimes(last) }),
    ...(success && { success: withTimes(success) }),
    ...(drill && { drill: withTimes(drill) }),
    ...(unproven && { unproven: unproven.toISOString() }),
  };
}

/** Its times as text, and without what is not known. */
function withTimes<T extends object>(
  fields: T,
): { [K in keyof T]: T[K] extends Date | undefined ? Extract<T[K], undefined> | string : T[K] } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  const texts = known.map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value]);
  return Object.fromEntries(texts);
}

const noViews: ReadonlyMap<string, Static<typeof StorageNodeView>> = new Map();

async function storageViews({ storageNodes }: Authority): Promise<typeof noViews> {
  return new Map(
    (await storageNodes.list()).map(({ name, servers, told }) => {
      const report = told?.report;
      const view = {
        servers,
        told: told?.receivedAt.toISOString() ?? null,
        viewMade: report?.viewMade ?? null,
        problem: report?.problem ?? null,
        attention: report?.attention ?? null,
        capacity: report?.capacity ?? null,
        free: report?.free ?? null,
        stored: report?.stored ?? null,
      };
      return [name, view];
    }),
  );
}

/** What is said of a client beside who it is. */
async function clientViews(authority: Authority) {
  const { clients, activity } = authority;
  const [bounds, usage, alarms] = [await clients.bounds(), await activity.usage(), await activity.alarms()];
  const growth = await activity.growth(authority.time());
  return (name: string) => {
    const used = usage.get(name);
    return {
      bounds: boundsView(bounds.get(name)),
      ...(used && {
        usage: { stored: used.bytes, trash: used.trashBytes, growth: growth.get(name) ?? 0 },
      }),
      alarms: (alarms.get(name) ?? []).map(({ since, ...alarm }) => ({
        ...alarm,
        since: since.toISOString(),
      })),
    };
  };
}

function identityIn(text: string): { role: string; name: string } {
  const [role = '', name, ...others] = text.split('/');
  if (name !== undefined && others.length === 0) return { role, name };
  throw new HoldfastError('input_invalid', `${JSON.stringify(text)} is no identity, such as client/laptop`);
}

function viewOf(sighting: Sighting): Static<typeof SightingView> {
  const { kind, service, seenAt, address, listener, connection, by, certificate, software, weaker } =
    sighting;
  return {
    kind,
    service,
    seenAt: seenAt.toISOString(),
    address,
    listener,
    protocol: connection?.protocol ?? null,
    cipher: connection?.cipher ?? null,
    group: connection?.group ?? null,
    by: by ?? null,
    serial: certificate?.serial ?? null,
    notAfter: certificate?.notAfter.toISOString() ?? null,
    software: software ?? null,
    weaker: [...weaker],
  };
}

export const nodeBoundInput = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 63 }),
    prune: Type.Optional(Type.Boolean()),
    /** Bytes; null for what the policy says. */
    quota: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    quarantined: Type.Optional(Type.Boolean()),
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  },
  { additionalProperties: false },
);

/** Decides what one client may do with its repositories; what is left out stays. Errors: `object_not_found` */
export async function boundNode(
  { authority }: AdminContext,
  { quota, ...order }: Static<typeof nodeBoundInput>,
  caller: Identity,
): Promise<Answer<typeof ClientBoundsView>> {
  return boundsView(
    await authority.clients.bound({ ...order, quotaBytes: quota, by: identityLabel(caller) }),
  );
}

function boundsView({
  prune,
  quotaBytes,
  quarantinedAt,
}: Partial<ClientBounds> = {}): Answer<typeof ClientBoundsView> {
  return {
    prune: prune === true,
    quota: quotaBytes ?? null,
    quarantinedAt: quarantinedAt?.toISOString() ?? null,
  };
}
