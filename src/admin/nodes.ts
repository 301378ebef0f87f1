import { type Static, Type } from 'typebox';
import { type Authority, type ClientBounds, identityLabel, type Sighting } from '../authority/index.ts';
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
      Type.Object({ stored: Type.Integer(), trash: Type.Integer() }),
    ),
    /** What of a client is not as usual, and should be looked at. */
    alarms: PresentWhen(
      'it is a client, and the server is new enough to say it',
      Type.Array(Type.Object({ alarm: Type.String(), since: Time, detail: Type.String() })),
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
  return nodes.map(({ notAfter, lastBackup, seen, ...node }) => ({
    ...node,
    ...(node.role === 'client' && clients(node.name)),
    notAfter: notAfter?.toISOString() ?? null,
    lastBackup: lastBackup?.toISOString() ?? null,
    seen: seen.map(viewOf),
  }));
}

/** What is said of a client beside who it is. */
async function clientViews({ clients, activity }: Pick<Authority, 'clients' | 'activity'>) {
  const [bounds, usage, alarms] = [await clients.bounds(), await activity.usage(), await activity.alarms()];
  return (name: string) => {
    const used = usage.get(name);
    return {
      bounds: boundsView(bounds.get(name)),
      ...(used && { usage: { stored: used.bytes, trash: used.trashBytes } }),
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
