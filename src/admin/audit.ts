import { type Static, Type } from 'typebox';
import { logKinds } from '../authority/index.ts';
import { HoldfastError, parseTime } from '../base/index.ts';
import { SignedCheckpoint } from '../enrol/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, Time } from './answer.ts';

const Moment = Type.String({ maxLength: 40 });

export const auditListInput = Type.Object(
  {
    kind: Type.Optional(Type.Enum([...logKinds])),
    by: Type.Optional(Type.String({ maxLength: 512 })),
    /** ISO 8601. */
    since: Type.Optional(Moment),
    until: Type.Optional(Moment),
    before: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Integer({ minimum: 1, maximum: maxListed }),
  },
  { additionalProperties: false },
);

/** Some records, the newest first, and the number to go on before; null when there are none left. */
export const AuditListAnswer = Type.Object({
  records: Type.Array(
    Type.Object({
      epoch: Type.Integer(),
      sequence: Type.Integer(),
      /** SHA-256 of the record before. */
      previous: Type.String(),
      at: Time,
      /** One of `logKinds`, or what a newer server records. */
      kind: Type.String(),
      by: Type.String(),
      details: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
  next: Type.Union([Type.Integer(), Type.Null()]),
});

/** Looks for records in the log; a page of it at a time. */
export async function listAudit(
  { authority }: AdminContext,
  { kind, by, since, until, before, limit }: Static<typeof auditListInput>,
): Promise<Answer<typeof AuditListAnswer>> {
  const filter = { kind, by, since: timeIn(since), until: timeIn(until) };
  const { records, next } = await authority.audit.search(filter, { before, limit });
  return { records, next: next ?? null };
}

export const auditVerifyInput = Type.Object(
  { checkpoint: Type.Optional(SignedCheckpoint) },
  { additionalProperties: false },
);

export const AuditVerifyAnswer = Type.Object({
  /** How many records there are, all of them one chain. */
  records: Type.Integer(),
  /** SHA-256 of the last one. */
  head: Type.String(),
  /** What was signed before, and where it was kept, that the chain passes through. */
  checkpoints: Type.Array(
    Type.Object({ from: Type.String(), epoch: Type.Integer(), sequence: Type.Integer(), at: Time }),
  ),
  /** Mirrors that could not be asked, or do not hold all that they say. */
  unread: Type.Array(Type.Object({ mirror: Type.String(), problem: Type.String() })),
});

/** Reads the whole log and checks it. `authority_damaged` names the first record that is wrong. */
export async function verifyAudit(
  { authority }: AdminContext,
  { checkpoint }: Static<typeof auditVerifyInput>,
): Promise<Answer<typeof AuditVerifyAnswer>> {
  const { head, checkpoints, unread } = await authority.audit.verify(checkpoint);
  return { records: head.sequence, head: head.hash, checkpoints, unread };
}

export const auditExportInput = Type.Object(
  { after: Type.Integer({ minimum: 0 }), limit: Type.Integer({ minimum: 1, maximum: maxListed }) },
  { additionalProperties: false },
);

/** Records, each as the exact line of JSON that its hash is of. */
export const AuditExportAnswer = Type.Object({ lines: Type.Array(Type.String()) });

/** The records after a number. */
export async function exportAudit(
  { authority }: AdminContext,
  { after, limit }: Static<typeof auditExportInput>,
): Promise<Answer<typeof AuditExportAnswer>> {
  return { lines: await authority.audit.lines(after, limit) };
}

function timeIn(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new HoldfastError(
    'input_invalid',
    `${JSON.stringify(text)} is no time: expected 2026-11-21T08:00:00Z`,
  );
}
