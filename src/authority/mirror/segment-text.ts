import { hash } from 'node:crypto';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { type SignedCheckpoint, signCheckpoint } from '../../enrol/index.ts';
import {
  hashRecord,
  type LogHead,
  type LogRecord,
  parseRecord,
  type RecordNamed,
} from '../log/log-record.ts';
import { identityOf } from '../records/identity-label.ts';
import type { Mirroring } from './check-mirrors.ts';
import type { CheckpointLine, RecordLine } from './mirror-format.ts';

/** A run of records as a mirror gets it. */
export interface SegmentText {
  /** Lines, the last one a checkpoint. */
  readonly text: string;
  readonly end: LogHead;
}

/** The lines of the records from `first` to `last`, and who signs for them. */
export async function segmentText(context: Mirroring, first: number, last: number): Promise<SegmentText> {
  const rows = await context.records.log.after(first - 1, last - first + 1);
  const lines = [];
  for (const { record } of rows) lines.push(JSON.stringify(await recordLine(context, record)));
  const end = { sequence: last, hash: hashRecord(rows.at(-1)?.record ?? '') };
  lines.push(JSON.stringify(checkpointLine(context, end)));
  return { text: `${lines.join('\n')}\n`, end };
}

/** A signed place in the log, with the certificate that signed. */
export function checkpointLine(context: Mirroring, { sequence, hash }: LogHead): CheckpointLine {
  const { issuer, present, clock, epoch } = context;
  const signed: SignedCheckpoint = signCheckpoint(
    {
      network: issuer.network,
      epoch,
      sequence,
      head: hash,
      crlNumber: present.state.crl_number,
      at: new Date(clock.now()).toISOString(),
    },
    issuer.issuingKey,
  );
  return { signed, issuing: asBuffer(issuer.issuing.certificate.der).toString('base64') };
}

async function recordLine(context: Mirroring, text: string): Promise<RecordLine> {
  const record = parseRecord(text);
  const certificate = record && (await certificateOf(context, record));
  const sealed = record?.kind === 'escrowed' ? await sealedOf(context, record) : undefined;
  return {
    record: text,
    ...(certificate && { certificate: asBuffer(certificate).toString('base64') }),
    ...(sealed && { sealed: asBuffer(sealed).toString('base64') }),
  };
}

/** The sealed password that a record is about: nobody but the recovery kit opens it. */
async function sealedOf(
  { records }: Mirroring,
  { by, details }: RecordNamed<'escrowed'>,
): Promise<Uint8Array | undefined> {
  const sealed = await records.escrows.ofRepository(identityOf(by), details.repository);
  return sealed.find((each) => hash('sha256', each) === details.sha256);
}

/** The certificate that a record is about. */
async function certificateOf(
  { records: { committed } }: Mirroring,
  { kind, details }: LogRecord,
): Promise<Bytes | undefined> {
  if (kind === 'issuing certificate replaced')
    return (await committed.issuers.find(details.label))?.certificate;
  if (kind !== 'issued' && kind !== 'renewed') return undefined;
  return (await committed.certificates.find(details.serial))?.certificate;
}
