import { type DerReader, type DerWriter, tag } from '../der/index.ts';

/** The reasons that are given here, in the words of RFC 5280 §5.3.1. What is revoked stays revoked: there is no hold. */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

export type RevocationReason = (typeof revocationReasons)[number];

/** A reason as others give it: a hold may be lifted again. */
export type FoundReason = RevocationReason | 'certificateHold' | 'removeFromCRL';

const codes: Readonly<Record<FoundReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
};

const reasons = new Map(Object.entries(codes).map(([reason, code]) => [code, reason as FoundReason]));

/** Reads CRLReason; 7 and what is above 10 mean nothing and are malformed. */
export function readReason(reader: DerReader): FoundReason {
  const code = reader.smallInteger(tag.enumerated);
  const reason = reasons.get(code);
  if (reason === undefined) throw reader.problem(`reason ${code} is not known`);
  return reason;
}

export function writeReason(writer: DerWriter, reason: RevocationReason): void {
  writer.smallInteger(codes[reason], tag.enumerated);
}
