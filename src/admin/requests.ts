import { type Static, Type } from 'typebox';
import {
  identityLabel,
  type RequestDetails,
  type RequestRecord,
  type Submitted,
} from '../authority/index.ts';
import type { Bytes } from '../base/index.ts';
import { maxSubmissionBytes, RequestHandle, RequestState } from '../enrol/index.ts';
import {
  describePublicKey,
  formatGeneralName,
  formatName,
  type Identity,
  identityUri,
  roles,
} from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Chain, maxListed, TextOrNull, Time, TimeOrNull } from './answer.ts';
import { nameKey } from './describe-certificate.ts';

/** Something that a request asks for; what is `widening` names somebody else, or is for more than its profile. */
const LeftOut = Type.Object({
  what: Type.String(),
  why: Type.String(),
  class: Type.Enum(['harmless', 'widening']),
});

const requestFields = {
  id: Type.Integer(),
  state: RequestState,
  /** `new`, `renewal`, `late renewal`. */
  kind: Type.String(),
  /** `server/vault`: what it is for, or got. */
  identity: Type.String(),
  askedBy: Type.String(),
  askedFrom: Type.String(),
  asked: Time,
  expires: Time,
  subject: Type.String(),
  names: Type.Array(Type.String()),
  key: Type.String(),
  decidedBy: TextOrNull,
  decided: TimeOrNull,
  reason: TextOrNull,
  /** Of the certificate that it got. */
  serial: TextOrNull,
  /** While it waits: what it asks for and would not get. */
  leftOut: Type.Array(LeftOut),
};

/** A request as it is listed; the names of the keys are stable. */
export const RequestView = Type.Object(requestFields);

/** What approving a request as it is would issue. */
const IssuePreview = Type.Object({
  identity: Type.String(),
  subject: Type.String(),
  names: Type.Array(Type.String()),
  /** Milliseconds that the certificate would live. */
  lifetimeMs: Type.Integer(),
});

/** A request with everything that a decision needs. */
export const RequestDetailsView = Type.Object({
  ...requestFields,
  /** Of the certificate that it renews. */
  renews: TextOrNull,
  wouldIssue: Type.Union([IssuePreview, Type.Null()]),
  /** Of what is left out, that which is harmless: its profile says it instead. */
  ignored: Type.Array(Type.String()),
  /** Why it cannot be approved as it is. */
  obstacle: TextOrNull,
});

export const requestListInput = Type.Object(
  {
    state: Type.Optional(RequestState),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
    /** Number of the last one of the page before. */
    before: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

/** A page of requests. */
export const RequestListAnswer = Type.Array(RequestView);

/** A page of the requests that were handed in, the newest first. */
export async function listRequests(
  { authority }: AdminContext,
  input: Static<typeof requestListInput>,
): Promise<Answer<typeof RequestListAnswer>> {
  return (await authority.requests.list(input)).map(viewOf);
}

export const requestShowInput = Type.Object(
  { id: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);

/** One request, with what approving it would issue. Errors: `request_unknown`. */
export async function showRequest(
  { authority }: AdminContext,
  { id }: Static<typeof requestShowInput>,
): Promise<Answer<typeof RequestDetailsView>> {
  const details = await authority.requests.show(id);
  const { obstacle = null, renews = null, leftOut } = details;
  const harmless = leftOut.filter((each) => each.class === 'harmless');
  const ignored = [...new Set(harmless.map(({ what }) => what))];
  return { ...viewOf(details), renews, wouldIssue: previewOf(authority, details), ignored, obstacle };
}

export const requestApproveInput = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    profile: Type.Optional(Type.Enum([...roles])),
    name: Type.Optional(Type.String({ maxLength: 63 })),
    /** Host names and addresses in the place of those that it asks for. */
    names: Type.Optional(Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 512 })),
    /** What is not to be in the certificate: names, and types of the subject's attributes. */
    drop: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 512 })),
  },
  { additionalProperties: false },
);

/** Grants a request: as it was asked, or under another name or profile, or with other names, or without something. */
export async function approveRequest(
  { authority }: AdminContext,
  { id, profile, name, names, drop }: Static<typeof requestApproveInput>,
  caller: Identity,
): Promise<Answer<typeof RequestView>> {
  const by = identityLabel(caller);
  return viewOf(await authority.requests.approve(id, { by, role: profile, name, names, drop }));
}

export const requestDenyInput = Type.Object(
  { id: Type.Integer({ minimum: 1 }), reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** Refuses a request; who handed it in can read the reason. */
export async function denyRequest(
  { authority }: AdminContext,
  { id, reason }: Static<typeof requestDenyInput>,
  caller: Identity,
): Promise<Answer<typeof RequestView>> {
  return viewOf(await authority.requests.deny(id, { by: identityLabel(caller), reason }));
}

export const requestSubmitInput = Type.Object(
  {
    /** PEM or base64. */
    request: Type.String({ minLength: 1, maxLength: maxSubmissionBytes }),
    profile: Type.Optional(Type.Enum([...roles])),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
  },
  { additionalProperties: false },
);

/** A request that was handed in: its number for administrators, its handle for who follows it. */
export const RequestSubmitAnswer = Type.Object({
  id: Type.Integer(),
  handle: Type.String(),
  state: RequestState,
  identity: Type.String(),
  expires: Time,
  /** There when it was granted at once. */
  chain: Type.Union([Chain, Type.Null()]),
});

/** Hands a request in, be the queue on or off. */
export async function submitRequest(
  { authority }: AdminContext,
  { request, profile, name }: Static<typeof requestSubmitInput>,
  caller: Identity,
): Promise<Answer<typeof RequestSubmitAnswer>> {
  const by = identityLabel(caller);
  const input = Buffer.from(request, 'utf8');
  return answerOf(await authority.requests.submit({ input, role: profile, name, by, from: by }));
}

export const requestCollectInput = Type.Object({ handle: RequestHandle }, { additionalProperties: false });

/** How the request of a handle stands. */
export const RequestCollectAnswer = Type.Object({
  state: RequestState,
  identity: Type.String(),
  expires: Time,
  reason: TextOrNull,
  /** The leaf, then the issuing certificate. */
  chain: Type.Union([Chain, Type.Null()]),
});

/** What became of a request. Errors: `request_unknown`. */
export async function collectRequest(
  { authority }: AdminContext,
  { handle }: Static<typeof requestCollectInput>,
): Promise<Answer<typeof RequestCollectAnswer>> {
  const followed = await authority.requests.collect(handle);
  const { state, expiresAt, reason = null, chain } = followed;
  return {
    state,
    identity: identityLabel(followed),
    expires: expiresAt.toISOString(),
    reason,
    chain: chain === undefined ? null : chain.map(toBase64),
  };
}

function answerOf(submitted: Submitted): Answer<typeof RequestSubmitAnswer> {
  const { id, handle, state, expiresAt, chain } = submitted;
  return {
    id,
    handle,
    state,
    identity: identityLabel(submitted),
    expires: expiresAt.toISOString(),
    chain: chain === undefined ? null : chain.map(toBase64),
  };
}

function viewOf(record: RequestRecord): Answer<typeof RequestView> {
  const { id, state, kind, request, askedBy, askedFrom, askedAt, expiresAt } = record;
  return {
    id,
    state,
    kind,
    identity: identityLabel(record),
    askedBy,
    askedFrom,
    asked: askedAt.toISOString(),
    expires: expiresAt.toISOString(),
    subject: formatName(request.subject),
    names: request.extensions.subjectAltNames.map(formatGeneralName),
    key: nameKey(describePublicKey(request.spki)),
    decidedBy: record.decidedBy ?? null,
    decided: record.decidedAt?.toISOString() ?? null,
    reason: record.reason ?? null,
    serial: record.certificate?.serial ?? null,
    leftOut: [...record.leftOut],
  };
}

function previewOf(
  { policy }: AdminContext['authority'],
  { wouldIssue }: RequestDetails,
): Answer<typeof IssuePreview> | null {
  if (wouldIssue === undefined) return null;
  const { identity, subject, names } = wouldIssue;
  return {
    identity: identityUri(identity),
    subject: formatName(subject),
    names: names.map(formatGeneralName),
    lifetimeMs: policy.current.profiles[identity.role].lifetimeMs,
  };
}

function toBase64(der: Bytes): string {
  return Buffer.from(der).toString('base64');
}
