import { type Static, Type } from 'typebox';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { parseAnswer } from './message.ts';

/** Where a client learns of its grants, and leaves what it has sealed. On `control`. */
export const grantPaths = {
  /** GET: {@link Grants}; POST {@link SealedGrant}. */
  grants: '/-/agent/grants',
} as const;

const version = Type.Literal(1);
const closed = { additionalProperties: false } as const;
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' });
const Moment = Type.String({ maxLength: 40 });
const Id = Type.Integer({ minimum: 1 });
const base64 = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength });

/** What both ends of a grant are told. */
const Grant = {
  id: Id,
  /** With the number it says which grant is meant, whatever was restored meanwhile. */
  created: Moment,
  from: Name,
  to: Name,
  /** The file or folder that it is of alone. */
  path: Type.Optional(Type.String({ pattern: '^/[^\\u0000]*$', maxLength: 4096 })),
  /** The repository of the client that it is from which has a copy of that and nothing else. */
  repository: Type.Optional(Name),
  expires: Moment,
};

/** A grant that this client is to seal. */
export const GrantToSeal = Type.Object({
  ...Grant,
  /** Which snapshots of the path are copied. */
  snapshots: Type.Array(Type.String({ pattern: '^(latest|all|[0-9a-f]{4,64})$' }), { maxItems: 20 }),
  /** The certificate of whom it is for, DER, before those that lead to the root. */
  chain: Type.Array(base64(16 * 1024), { minItems: 1, maxItems: 16 }),
});
export type GrantToSeal = Static<typeof GrantToSeal>;

/** A grant that this client was given. */
export const ReceivedGrant = Type.Object({
  ...Grant,
  /** What was sealed to the certificate of this client; not there before that is done. */
  sealed: Type.Optional(base64(16 * 1024)),
});
export type ReceivedGrant = Static<typeof ReceivedGrant>;

/** All grants of a client that are not over, the newest first. */
export const Grants = Type.Object({
  version,
  toSeal: Type.Array(GrantToSeal),
  received: Type.Array(ReceivedGrant),
});
export type Grants = Static<typeof Grants>;

/** What the granting side has sealed, and to which certificate. */
export const SealedGrant = Type.Object(
  {
    version,
    id: Id,
    created: Moment,
    /** Serial number of the certificate. */
    certificate: Type.String({ pattern: '^[0-9a-f]{2,40}$' }),
    sealed: base64(16 * 1024),
  },
  closed,
);
export type SealedGrant = Static<typeof SealedGrant>;

/** A client's way to its server. */
interface GrantWay {
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly line: Line;
  readonly signal: AbortSignal;
}

const maxGrantsBytes = 1024 * 1024;

/** The grants of this client that are not over. @throws HoldfastError as `exchange`, and what the server refuses by */
export async function fetchGrants({ dialer, server, line, signal }: GrantWay): Promise<Grants> {
  const url = `${server}${grantPaths.grants}`;
  const connection = { agent: dialer.agent() };
  const answer = await exchange({ url, connection, line, signal, maxBytes: maxGrantsBytes });
  return parseAnswer(Grants, acceptedJson(answer, server), server);
}

/** Leaves what was sealed; again is as once. @throws HoldfastError as {@link fetchGrants} */
export async function leaveSealedGrant(
  { dialer, server, line, signal }: GrantWay,
  sealed: Omit<SealedGrant, 'version'>,
): Promise<void> {
  const url = `${server}${grantPaths.grants}`;
  const message: SealedGrant = { version: 1, ...sealed };
  acceptedJson(await exchange({ url, message, connection: { agent: dialer.agent() }, line, signal }), server);
}
