import { type Static, Type } from 'typebox';
import { roles } from '../pki/index.ts';
import { EnrolmentAnswer } from './message.ts';

/** Where requests are handed in and asked after, on `enrol`. */
export const requestPaths = {
  /** POST {@link SubmitRequest}, answered by {@link RequestAnswer}. */
  submit: '/-/enrol/requests',
  /** GET: {@link RequestAnswer}. */
  follow: (handle: string): string => `/-/enrol/requests/${handle}`,
} as const;

/** The most that a request may be as it is sent: 64 KiB of DER, as PEM inside JSON. */
export const maxSubmissionBytes = 96 * 1024;

/** What a request is followed by: 128 random bits. Whoever has it can see what became of the request. */
export const RequestHandle = Type.String({ pattern: '^[a-z2-7]{26}$' });

/** Somebody hands a request in. */
export const SubmitRequest = Type.Object(
  {
    /** PKCS#10 or, signed with the certificate to be renewed, PKCS#7: PEM or base64 of the DER. */
    request: Type.String({ minLength: 1, maxLength: maxSubmissionBytes }),
    /** The role that is wanted. */
    profile: Type.Optional(Type.Enum([...roles])),
    /** What the node is to be called. */
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    /** A join code, which decides at once. */
    code: Type.Optional(Type.String({ maxLength: 2048 })),
  },
  { additionalProperties: false },
);
export type SubmitRequest = Static<typeof SubmitRequest>;

/** What has become of a request. */
export const RequestState = Type.Enum(['pending', 'approved', 'denied', 'expired']);
export type RequestState = Static<typeof RequestState>;

/** How a request stands. */
export const RequestAnswer = Type.Object({
  /** Only in the answer to the submission. */
  handle: Type.Optional(RequestHandle),
  state: RequestState,
  /** `server/vault`: what it is for. */
  identity: Type.String({ maxLength: 100 }),
  /** ISO 8601: until when it waits for a decision. */
  expires: Type.String({ maxLength: 40 }),
  /** While it waits: what it asks for and would not get. */
  leftOut: Type.Optional(Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 32 })),
  /** Why it was denied. */
  reason: Type.Optional(Type.String({ maxLength: 2000 })),
  /** Once approved: DER in base64, the leaf, then the issuing certificate. */
  chain: Type.Optional(Type.Array(Type.String({ maxLength: 128 * 1024 }), { minItems: 2, maxItems: 4 })),
  /** Once approved: all that a machine needs to become the node. */
  enrolment: Type.Optional(EnrolmentAnswer),
});
export type RequestAnswer = Static<typeof RequestAnswer>;
