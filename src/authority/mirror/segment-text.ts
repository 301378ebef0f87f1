import { hash } from 'node:crypto';
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
  const lines = [];
  for (const { record } of rows) lines.push(JSON.stringify(await recordLine(context, record)));
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

async function recordLine(context: AuthorityContext, text: string): Promise<RecordLine> {
  const record = parseRecord(text);
  const certificate = record && certificateOf(context, record);
  const sealed = record?.kind === 'escrowed' ? await sealedOf(context, record) : undefined;
  return {
    record: text,
    ...(certificate && { certificate: asBuffer(certificate).toString('base64') }),
    ...(sealed && { sealed: asBuffer(sealed).toString('base64') }),
  };
}

/** The sealed password that a record is about: nobody but the recovery kit opens it. */
async function sealedOf(
  { database }: AuthorityContext,
  { by, details }: LogRecord,
): Promise<Uint8Array | undefined> {
  const rows = await database.all<{ sealed: Uint8Array }>(
    `SELECT e.sealed FROM escrows e JOIN identities i ON i.id = e.identity
      WHERE i.role || '/' || i.name = ? AND e.repository = ?`,
    by,
    String(details['repository']),
  );
  return rows.map(({ sealed }) => sealed).find((sealed) => hash('sha256', sealed) === details['sha256']);
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
