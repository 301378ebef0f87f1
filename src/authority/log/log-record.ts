import { hash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** What the log records. */
const LogKind = Type.Union([
  Type.Literal('authority created'),
  Type.Literal('issuing certificate replaced'),
  Type.Literal('issuing certificate revoked'),
  Type.Literal('token created'),
  Type.Literal('token revoked'),
  Type.Literal('issued'),
  Type.Literal('renewed'),
  Type.Literal('revoked'),
  Type.Literal('refused'),
  Type.Literal('escrowed'),
  Type.Literal('requested'),
  Type.Literal('approved'),
  Type.Literal('denied'),
  Type.Literal('policy changed'),
  Type.Literal('exported'),
  Type.Literal('crl signed'),
  Type.Literal('ocsp signer replaced'),
  Type.Literal('root offline'),
  Type.Literal('root online'),
  Type.Literal('name constraints changed'),
  Type.Literal('backed up'),
  Type.Literal('restored'),
  Type.Literal('log lost'),
  Type.Literal('rehearsed'),
  Type.Literal('clock accepted'),
  Type.Literal('keystore rekeyed'),
  Type.Literal('superseded'),
  Type.Literal('retired'),
  Type.Literal('tls bound'),
  Type.Literal('tls unbound'),
  Type.Literal('store accepted'),
]);
export type LogKind = Static<typeof LogKind>;

/** Every kind of record. */
export const logKinds: readonly LogKind[] = LogKind.anyOf.map((kind) => kind.const);

/** One record. Its text is one line of JSON and stands in the log as it was hashed; an export is these lines. */
export const LogRecord = Type.Object(
  {
    epoch: Type.Integer({ minimum: 1 }),
    /** From 1, without gaps. */
    sequence: Type.Integer({ minimum: 1 }),
    /** SHA-256 of the text before, lowercase hexadecimal; zeros before the first. */
    previous: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** ISO 8601. */
    at: Type.String(),
    kind: LogKind,
    /** Who did it: `client/alpha`, `admin/local`, or where an unknown one came from. */
    by: Type.String(),
    /** What it was about, by kind. */
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);
export type LogRecord = Static<typeof LogRecord>;

/** Where the log ends: the number and the hash of its last record. */
export interface LogHead {
  readonly sequence: number;
  readonly hash: string;
}

/** What comes before the first record. */
export const logStart = '0'.repeat(64);

/** The hash of a record's text, which the next one carries. */
export function hashRecord(text: string): string {
  return hash('sha256', text);
}

/** Made once it is needed: a log is read by the million. */
let checker: ReturnType<typeof Compile<typeof LogRecord>> | undefined;

/** The record in a text, or undefined when it is none. */
export function parseRecord(text: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    checker ??= Compile(LogRecord);
    return checker.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** When a record was written, milliseconds since 1970; 0 for what is no record. The log's whole check is not done. */
export function recordTime(text: string): number {
  return Date.parse(/"at":"([^"]+)"/.exec(text)?.[1] ?? '') || 0;
}
