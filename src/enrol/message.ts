import { type Static, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Errors } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';
import { answerMalformed, Ticket, TicketOrder } from '../transport/index.ts';
import { SignedCheckpoint } from './checkpoint.ts';

/** The most that any request or answer of the conversation may be. */
export const maxMessageBytes = 64 * 1024;

/** Where the conversation takes place. The first two on `enrol`, the others on `control`. */
export const enrolPaths = {
  /** GET: the root certificate, DER (`application/pkix-cert`); with `?fingerprint=`, where it was renewed, that one. */
  root: '/-/enrol/root',
  /** POST {@link JoinRequest}, answered by {@link EnrolmentAnswer}. */
  join: '/-/enrol/join',
  /** POST {@link RenewRequest}, answered by {@link EnrolmentAnswer}. */
  renew: '/-/control/renew',
  /** GET: the trust bundle as its file has it. */
  trust: '/-/control/trust',
  /** GET: the newest revocation list of the root, DER (`application/pkix-crl`). */
  rootCrl: '/-/control/root-crl',
  /** POST {@link EscrowRequest}; GET with `?before=ID`: {@link EscrowPage}. */
  escrow: '/-/control/escrow',
  /** POST {@link TicketRequest}, answered by {@link TicketAnswer}. */
  tickets: '/-/control/tickets',
} as const;

const version = Type.Literal(1);
const base64 = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength });
const closed = { additionalProperties: false } as const;

/** A machine asks for its first certificate. */
export const JoinRequest = Type.Object(
  {
    version,
    /** The join code's secret, base64. */
    secret: base64(64),
    /** PKCS#10, DER in base64. */
    request: base64(32 * 1024),
  },
  closed,
);
export type JoinRequest = Static<typeof JoinRequest>;

/** A node asks for its next certificate, over mutual TLS with the one it has. */
export const RenewRequest = Type.Object(
  {
    version,
    /** PKCS#10, DER in base64; its key is new or the present one. */
    request: base64(32 * 1024),
    /** The newest checkpoint the node was shown. */
    checkpoint: Type.Optional(SignedCheckpoint),
  },
  closed,
);
export type RenewRequest = Static<typeof RenewRequest>;

/** What a node gets: its certificate, whom to trust, where to go. */
export const EnrolmentAnswer = Type.Object(
  {
    version,
    /** DER in base64, the leaf first, the root not among them. */
    chain: Type.Array(base64(16 * 1024), { minItems: 2, maxItems: 4 }),
    /** The text of a trust bundle's file. */
    trustBundle: Type.String({ maxLength: 48 * 1024 }),
    /** Whom second repository keys are sealed to (age). */
    recoveryRecipient: Type.String({ maxLength: 4096 }),
    /** `https://host:port` of the servers, tried in this order. */
    servers: Type.Array(Type.String({ pattern: '^https://[A-Za-z0-9._:\\[\\]-]+$', maxLength: 300 }), {
      minItems: 1,
      maxItems: 32,
    }),
    /** The network's stable address for CRL, OCSP and issuer certificates. */
    statusAddress: Type.String({ maxLength: 300 }),
    checkpoint: SignedCheckpoint,
  },
  closed,
);
export type EnrolmentAnswer = Static<typeof EnrolmentAnswer>;

/** A client asks for what it may send or have over the plain data channel. */
export const TicketRequest = Type.Object(
  { version, orders: Type.Array(TicketOrder, { minItems: 1, maxItems: 64 }) },
  closed,
);
export type TicketRequest = Static<typeof TicketRequest>;

/** A ticket for each order, and the plain port that takes them; none where objects go over TLS. */
export const TicketAnswer = Type.Object(
  {
    version,
    channel: Type.Optional(
      Type.Object(
        {
          port: Type.Integer({ minimum: 1, maximum: 65_535 }),
          tickets: Type.Array(Ticket, { maxItems: 64 }),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type TicketAnswer = Static<typeof TicketAnswer>;

/** A client leaves the sealed password of a repository's second key. */
export const EscrowRequest = Type.Object(
  {
    version,
    /** The repository's id, or its place. */
    repository: Type.String({ minLength: 1, maxLength: 512 }),
    /** age ciphertext in base64. */
    sealed: base64(60 * 1024),
  },
  closed,
);
export type EscrowRequest = Static<typeof EscrowRequest>;

/** What a client left before, the newest first, as much as fits into a message. */
export const EscrowPage = Type.Object(
  {
    version,
    entries: Type.Array(
      Type.Object(
        {
          id: Type.Integer({ minimum: 1 }),
          repository: Type.String({ maxLength: 512 }),
          sealed: base64(62 * 1024),
        },
        closed,
      ),
    ),
    /** Whether there is more before the last of these. */
    more: Type.Boolean(),
  },
  closed,
);
export type EscrowPage = Static<typeof EscrowPage>;

/** Why a peer was refused, as far as it may know. The code is printed, so it has the form of one. */
export const Refusal = Type.Object({
  code: Type.String({ pattern: '^[a-z_]{1,64}$' }),
  message: Type.Optional(Type.String()),
  hint: Type.Optional(Type.String()),
});
export type Refusal = Static<typeof Refusal>;

/** `input` when it is as `schema` says. @throws HoldfastError `input_invalid`, naming the first field that is not */
export function parseMessage<T extends TSchema>(schema: T, input: unknown, what: string): Static<T> {
  if (validatorOf(schema).Check(input)) return input as Static<T>;
  throw new HoldfastError('input_invalid', `${what}: ${problemOf(schema, input)}`);
}

/** Whether `input` is as `schema` says. */
export function isMessage<T extends TSchema>(schema: T, input: unknown): input is Static<T> {
  return validatorOf(schema).Check(input);
}

/** What a server answered, when it is as `schema` says. @throws HoldfastError `answer_malformed`, naming the first field that is not */
export function parseAnswer<T extends TSchema>(schema: T, input: unknown, server = 'the server'): Static<T> {
  if (validatorOf(schema).Check(input)) return input as Static<T>;
  throw answerMalformed(server, `of what it answers, ${problemOf(schema, input)}`);
}

function problemOf(schema: TSchema, input: unknown): string {
  const [first] = Errors(schema, input);
  const field = first?.instancePath.slice(1).replaceAll('/', '.') || 'the message';
  return `${field} ${first?.message ?? 'is not valid'}`;
}

/** A server reads the same few kinds by the thousand. */
const validators = new WeakMap<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  const known = validators.get(schema) ?? Compile(schema);
  validators.set(schema, known);
  return known;
}
