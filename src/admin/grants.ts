import { type Static, Type } from 'typebox';
import { type Authority, type Grant, identityLabel } from '../authority/index.ts';
import { asBuffer, dayMs, isHoldfastError, minuteMs } from '../base/index.ts';
import { SealedGrant } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, maxListed, PresentWhen, Time } from './answer.ts';
import { JobView, jobView } from './jobs.ts';

/** How long a grant stands at most. */
const longestMs = 90 * dayMs;
/** So much of what a client left goes out at once. */
const maxLeftBytes = 256 * 1024;

const NodeName = Type.String({ minLength: 1, maxLength: 63 });
const GrantId = Type.Integer({ minimum: 1 });
const { state, outcome } = JobView.properties;

export const grantCreateInput = Type.Object(
  {
    from: NodeName,
    to: NodeName,
    /** What of it alone; all of the repository where nothing is said. */
    path: Type.Optional(Type.String({ pattern: '^/[^\\u0000]*$', maxLength: 4096 })),
    /** Which snapshots of the path are copied: `latest` unless said. */
    snapshots: Type.Optional(
      Type.Array(Type.String({ pattern: '^(latest|all|[0-9a-f]{4,64})$' }), { minItems: 1, maxItems: 20 }),
    ),
    lifetimeMs: Type.Integer({ minimum: minuteMs, maximum: longestMs }),
    /** Whether somebody with the recovery kit seals it, and not the agent of `from`. */
    withKit: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export const grantIdInput = Type.Object({ id: GrantId }, { additionalProperties: false });
export const grantListInput = Type.Object(
  {
    /** Number of the last one of the page before. */
    before: Type.Optional(GrantId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);
export const grantMaterialInput = Type.Object(
  {
    id: GrantId,
    /** Number of the last entry of the page before. */
    before: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
const { id, created, certificate, sealed } = SealedGrant.properties;
export const grantSealInput = Type.Object(
  { id, created, certificate, sealed },
  { additionalProperties: false },
);

/** That one client may read what another one has saved. */
export const GrantView = Type.Object({
  id: Type.Integer(),
  from: Type.String(),
  to: Type.String(),
  path: PresentWhen('it is of that file or folder alone', Type.String()),
  repository: PresentWhen('it is of a path, of which that repository has a copy', Type.String()),
  snapshots: Type.Array(Type.String()),
  state: Type.Enum(['waiting', 'open', 'expired', 'revoked']),
  by: Type.String(),
  created: Time,
  expires: Time,
  /** Serial number of the certificate that it is sealed to. */
  certificate: PresentWhen('it is sealed', Type.String()),
  sealed: PresentWhen('it is sealed', Time),
  revoked: PresentWhen('it was revoked', Type.Object({ by: Type.String(), at: Time })),
  job: PresentWhen('an agent seals it', Type.Object({ id: Type.Integer(), state, outcome })),
});
export const GrantListAnswer = Type.Array(GrantView);
export const GrantMaterialAnswer = Type.Object({
  /** The certificate to seal to before those that lead to the root, DER. */
  chain: Type.Array(Base64),
  /** Whom everything is sealed to that clients leave (age). */
  recoveryRecipient: Type.String(),
  /** What the client left that it is from, the newest first, of each of its repositories. */
  left: Type.Array(Type.Object({ id: Type.Integer(), repository: Type.String(), sealed: Base64 })),
  more: Type.Boolean(),
});

/** Lets one client read what another one has saved. Errors: see `Grants.create` */
export async function createGrant(
  { authority, clock }: AdminContext,
  { path, snapshots = ['latest'], lifetimeMs, withKit = false, ...order }: Static<typeof grantCreateInput>,
  caller: Identity,
): Promise<Answer<typeof GrantView>> {
  const expiresAt = new Date(clock.now() + lifetimeMs);
  const by = identityLabel(caller);
  return await viewOf(
    authority,
    await authority.grants.create({ ...order, path, snapshots, expiresAt, withKit, by }),
  );
}

/** Ends a grant, and the job that was to seal it. Errors: `object_not_found`, `grant_over` */
export async function revokeGrant(
  { authority }: AdminContext,
  { id }: Static<typeof grantIdInput>,
  caller: Identity,
): Promise<Answer<typeof GrantView>> {
  const by = identityLabel(caller);
  const grant = await authority.grants.revoke(id, by);
  if (grant.job !== undefined)
    await authority.jobs.stop(grant.job, by).catch((error: unknown) => {
      if (!isHoldfastError(error, 'job_over')) throw error;
    });
  return await viewOf(authority, grant);
}

/** Errors: `object_not_found` */
export async function showGrant(
  { authority }: AdminContext,
  { id }: Static<typeof grantIdInput>,
): Promise<Answer<typeof GrantView>> {
  return await viewOf(authority, await authority.grants.find(id));
}

/** A page of the grants, the newest first. */
export async function listGrants(
  { authority }: AdminContext,
  { limit = maxListed, ...page }: Static<typeof grantListInput>,
): Promise<Answer<typeof GrantListAnswer>> {
  const grants = await authority.grants.list({ ...page, limit });
  return await Promise.all(grants.map((grant) => viewOf(authority, grant)));
}

/** What somebody with the recovery kit needs to seal a grant: nothing of it opens anything without the kit. Errors: `object_not_found` */
export async function showGrantMaterial(
  { authority }: AdminContext,
  { id, before: beforeId = Number.MAX_SAFE_INTEGER }: Static<typeof grantMaterialInput>,
): Promise<Answer<typeof GrantMaterialAnswer>> {
  const { from, to } = await authority.grants.find(id);
  const identity = { network: authority.network, role: 'client', name: from } as const;
  const roots = (await authority.roots()).map(({ der }) => der);
  const { entries, more } = await authority.escrow.page(identity, { beforeId, maxBytes: maxLeftBytes });
  return {
    chain: [...(await authority.grants.chainOf(to)), ...roots].map((der) => asBuffer(der).toString('base64')),
    recoveryRecipient: authority.recoveryRecipient,
    left: entries.map((entry) => ({ ...entry, sealed: asBuffer(entry.sealed).toString('base64') })),
    more,
  };
}

/** Keeps what somebody with the recovery kit has sealed. Errors: see `Grants.seal` */
export async function sealGrant(
  { authority }: AdminContext,
  input: Static<typeof grantSealInput>,
  caller: Identity,
): Promise<Answer<typeof GrantView>> {
  await authority.grants.seal(input, identityLabel(caller));
  return await viewOf(authority, await authority.grants.find(input.id));
}

async function viewOf(authority: Authority, grant: Grant): Promise<Answer<typeof GrantView>> {
  const { id, from, to, path, repository, snapshots, state: stands, by, createdAt, expiresAt } = grant;
  const { certificate: serial, sealedAt, revokedAt, revokedBy = '' } = grant;
  return {
    id,
    from,
    to,
    ...(path !== undefined && { path }),
    ...(repository !== undefined && { repository }),
    snapshots: [...snapshots],
    state: stands,
    by,
    created: createdAt.toISOString(),
    expires: expiresAt.toISOString(),
    ...(serial !== undefined && { certificate: serial }),
    ...(sealedAt && { sealed: sealedAt.toISOString() }),
    ...(revokedAt && { revoked: { by: revokedBy, at: revokedAt.toISOString() } }),
    ...(grant.job !== undefined && { job: await jobOf(authority, grant.job) }),
  };
}

async function jobOf(
  authority: Authority,
  job: number,
): Promise<NonNullable<Answer<typeof GrantView>['job']>> {
  const { id, state: stands, outcome: came } = jobView(await authority.jobs.find(job));
  return { id, state: stands, ...(came && { outcome: came }) };
}
