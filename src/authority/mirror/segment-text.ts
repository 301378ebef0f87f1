import { asBuffer } from '../../base/index.ts';
import { type SignedCheckpoint, signCheckpoint } from '../../enrol/index.ts';
import { decisionIn, hashRecord, kindOf, type LogHead, parseRecord } from '../log/index.ts';
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

/** A record with what it names by its digest; of a password that is what nobody but the recovery kit opens. */
async function recordLine({ records }: Mirroring, text: string): Promise<RecordLine> {
  const record = parseRecord(text);
  const { attachment } = record === undefined ? {} : kindOf(record);
  const bytes = record && (await attachment?.find(records.committed, decisionIn(record)));
  if (attachment === undefined || bytes === undefined) return { record: text };
  return { record: text, [attachment.as]: asBuffer(bytes).toString('base64') };
}
