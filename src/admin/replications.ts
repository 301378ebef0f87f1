import { type Static, Type } from 'typebox';
import { identityLabel, type ReplicationEntry } from '../authority/index.ts';
import { dayMs, hourMs } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import { parseTransferRate } from '../policy/index.ts';
import type { AdminContext, CopyView } from './admin-context.ts';
import { type Answer, PresentWhen, Time } from './answer.ts';

/** So long what a client has removed stays in the copies unless said. */
const usualRemoveAfterMs = 7 * dayMs;

const Node = Type.String({ minLength: 1, maxLength: 63 });

export const replicateAddInput = Type.Object(
  {
    from: Node,
    to: Type.Array(Node, { minItems: 1, maxItems: 100 }),
    /** How many of them have a copy of each repository; all of them where nothing is said. */
    keep: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    removeAfterMs: Type.Optional(Type.Integer({ minimum: hourMs, maximum: 3650 * dayMs })),
    /** KiB a second, by the hour: `2000,08:00-18:00=500`. */
    rate: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** Of its hours. */
    zone: Type.String({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
);
export const replicateRemoveInput = Type.Object({ from: Node }, { additionalProperties: false });
export const replicateRunInput = Type.Object(
  {
    /** That most of what was copied was lost at once is meant. */
    acceptsLoss: Type.Boolean(),
  },
  { additionalProperties: false },
);

/** What a node stores is copied to others. */
export const ReplicationView = Type.Object({
  from: Type.String(),
  to: Type.Array(Type.String()),
  keep: Type.Integer(),
  /** How long what was removed stays in the copies. */
  removeAfterMs: Type.Integer(),
  rate: PresentWhen('no more may go in a second', Type.String()),
  zone: Type.String(),
  by: Type.String(),
  added: Time,
});
export const ReplicationListAnswer = Type.Array(ReplicationView);

/** How each copy is, of what the server itself stores. */
export const ReplicaStatusAnswer = Type.Array(
  Type.Object({
    repository: Type.String(),
    node: Type.String(),
    looked: Time,
    whole: PresentWhen('it ever had everything', Time),
    lag: Type.Object({
      objects: Type.Integer(),
      bytes: Type.Integer(),
      since: PresentWhen('something waits', Time),
    }),
    /** Files that are damaged here, and never copied. */
    damaged: Type.Integer(),
    /** Files in whose place the copy has something else. */
    unequal: Type.Integer(),
    problem: PresentWhen('it could not be made last', Type.String()),
    /** Whether nothing leaves it, since most was lost here at once. */
    halted: Type.Boolean(),
  }),
);

/** Has what a node stores copied to others. Errors: see `Replications.add`; `usage` for a rate that is none */
export async function addReplication(
  { authority }: AdminContext,
  input: Static<typeof replicateAddInput>,
  caller: Identity,
): Promise<Answer<typeof ReplicationView>> {
  const { from, to, keep = to.length, removeAfterMs = usualRemoveAfterMs, rate, zone } = input;
  if (rate !== undefined) parseTransferRate(rate);
  const rule = { from, to, keep, removeAfterMs, rate, zone };
  return ruleView(await authority.replications.add({ ...rule, by: identityLabel(caller) }));
}

/** Copies it no more; the copies stay. Errors: `object_not_found` */
export async function removeReplication(
  { authority }: AdminContext,
  { from }: Static<typeof replicateRemoveInput>,
  caller: Identity,
): Promise<Answer<typeof ReplicationView>> {
  return ruleView(await authority.replications.remove(from, identityLabel(caller)));
}

/** Every rule. */
export async function listReplications({
  authority,
}: AdminContext): Promise<Answer<typeof ReplicationListAnswer>> {
  return (await authority.replications.list()).map(ruleView);
}

/** How each copy is. */
export async function showReplicas({ replicas }: AdminContext): Promise<Answer<typeof ReplicaStatusAnswer>> {
  return (await replicas.status()).map(copyView);
}

/** Has everything compared now. */
export async function runReplicas(
  { replicas }: AdminContext,
  order: Static<typeof replicateRunInput>,
): Promise<Answer<typeof ReplicaStatusAnswer>> {
  return (await replicas.run(order)).map(copyView);
}

function ruleView({ to, rate, addedAt, ...entry }: ReplicationEntry): Answer<typeof ReplicationView> {
  return {
    ...entry,
    to: [...to],
    ...(rate !== undefined && { rate }),
    added: addedAt.toISOString(),
  };
}

function copyView({ lag, isHalted, problem, whole, looked, ...copy }: CopyView) {
  const { since, ...missing } = lag;
  return {
    ...copy,
    looked: timeOf(looked),
    ...(whole !== undefined && { whole: timeOf(whole) }),
    lag: { ...missing, ...(since !== undefined && { since: timeOf(since) }) },
    ...(problem !== undefined && { problem }),
    halted: isHalted,
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
