import { asBuffer } from '../../base/index.ts';
import { type SignedCheckpoint, signCheckpoint } from '../../enrol/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { LogHead } from '../log/audit-log.ts';
import { hashRecord, type LogRecord, parseRecord } from '../log/log-record.ts';
import type { CheckpointLine, RecordLine } from './mirror-format.ts';

/** A run of records as a mirror gets it. */
export interface SegmentText {
  /** Lines, the last one a checkpoint. */
  readonly text: string;
  readonly end: LogHead;
}

/** The lines of the records from `first` to `last`, and who signs for them. */
export async function segmentText(
  context: AuthorityContext,
  first: number,
  last: number,
): Promise<SegmentText> {
  const sql = 'SELECT record FROM log WHERE sequence BETWEEN ? AND ? ORDER BY sequence';
  const rows = await context.database.all<{ record: string }>(sql, first, last);
  const lines = rows.map(({ record }) => JSON.stringify(recordLine(context, record)));
  const end = { sequence: last, hash: hashRecord(rows.at(-1)?.record ?? '') };
  lines.push(JSON.stringify(checkpointLine(context, end)));
  return { text: `${lines.join('\n')}\n`, end };
}

/** A signed place in the log, with the certificate that signed. */
export function checkpointLine(context: AuthorityContext, { sequence, hash }: LogHead): CheckpointLine {
  const { issuer, reader, clock, epoch } = context;
  const row = reader.get('SELECT crl_number FROM authority');
  const signed: SignedCheckpoint = signCheckpoint(
    {
      network: issuer.network,
      epoch,
      sequence,
      head: hash,
      crlNumber: Number(row?.['crl_number'] ?? 0),
      at: new Date(clock.now()).toISOString(),
    },
    issuer.issuingKey,
  );
  return { signed, issuing: asBuffer(issuer.issuing.certificate.der).toString('base64') };
}

function recordLine(context: AuthorityContext, text: string): RecordLine {
  const record = parseRecord(text);
  const certificate = record && certificateOf(context, record);
  return { record: text, ...(certificate && { certificate: asBuffer(certificate).toString('base64') }) };
}

/** The certificate that a record is about. */
function certificateOf({ reader }: AuthorityContext, { kind, details }: LogRecord): Uint8Array | undefined {
  if (kind === 'issuing certificate replaced') {
    const row = reader.get('SELECT certificate FROM issuers WHERE label = ?', String(details['label']));
    return row?.['certificate'] as Uint8Array | undefined;
  }
  if (kind !== 'issued' && kind !== 'renewed') return undefined;
  const row = reader.get('SELECT certificate FROM certificates WHERE serial = ?', String(details['serial']));
  return row?.['certificate'] as Uint8Array | undefined;
}
