import { hash } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type AnyKind, type KindNamed, kinds } from './kinds/index.ts';
import type { Decision, DetailsOf, LogKind } from './log-kind.ts';

/** What the log records. */
export type LogKindName = AnyKind['name'];

const table: readonly AnyKind[] = Object.values(kinds);
const byName = new Map<string, LogKind>(table.map((kind) => [kind.name, kind]));

/** Every kind of record. */
export const logKinds: readonly LogKindName[] = table.map(({ name }) => name);

/** What every record has, whatever its kind. */
const LogLine = Type.Object(
  {
    epoch: Type.Integer({ minimum: 1 }),
    /** From 1, without gaps. */
    sequence: Type.Integer({ minimum: 1 }),
    /** SHA-256 of the text before, lowercase hexadecimal; zeros before the first. */
    previous: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** ISO 8601. */
    at: Type.String(),
    kind: Type.Enum([...logKinds]),
    /** Who did it: `client/alpha`, `admin/local`, or where an unknown one came from. */
    by: Type.String(),
    /** What it was about, by kind. */
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

/** One record. Its text is one line of JSON and stands in the log as it was hashed; an export is these lines. */
export type LogRecord = {
  [Name in LogKindName]: Readonly<Omit<Static<typeof LogLine>, 'kind' | 'details'>> & {
    readonly kind: Name;
    readonly details: DetailsOf<KindNamed<Name>>;
  };
}[LogKindName];

/** The records of some kinds. */
export type RecordNamed<Name extends LogKindName> = Extract<LogRecord, { readonly kind: Name }>;

/** The kind of a record. */
export function kindOf({ kind }: LogRecord): LogKind {
  const found = byName.get(kind);
  if (found === undefined) throw new TypeError(`a record of the kind ${kind}, which is none`);
  return found;
}

/** What a record says was decided. */
export function decisionIn<Record extends LogRecord>({
  details,
  by,
  at,
}: Record): Decision<Record['details']> {
  return { details, by, atMs: Date.parse(at) };
}

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

/** Whether a value is what a schema says; the check is made once it is needed, since a log is read by the million. */
function checkerOf(schema: TSchema): (value: unknown) => boolean {
  let checker: { Check(value: unknown): boolean } | undefined;
  return (value) => {
    checker ??= Compile(schema);
    return checker.Check(value);
  };
}

const isLine = checkerOf(LogLine);
const areDetails = new Map(table.map(({ name, details }) => [name as string, checkerOf(details)]));

/** The record in a text, or undefined when it is none: of no kind, or without what its kind says. */
export function parseRecord(text: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is LogRecord {
  if (!isLine(value)) return false;
  const { kind, details } = value as Static<typeof LogLine>;
  return areDetails.get(kind)?.(details) === true;
}

/** The kind that a text says it is a record of; the rest of it is not read. */
export function kindIn(text: string): string | undefined {
  return /"kind":"([^"]+)"/.exec(text)?.[1];
}

/** When a record was written, milliseconds since 1970; 0 for what is no record. The log's whole check is not done. */
export function recordTime(text: string): number {
  return Date.parse(/"at":"([^"]+)"/.exec(text)?.[1] ?? '') || 0;
}
