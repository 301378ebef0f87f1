import type { Static, TSchema } from 'typebox';

/** One kind of decision that the log records. */
export interface LogKind<Name extends string = string, Details extends TSchema = TSchema> {
  /** As it stands in the records, for ever. */
  readonly name: Name;
  /** What is said of it, what logs of before say too: a field that came later is optional, and there may be others. */
  readonly details: Details;
}

/** A kind as it is written down: its name and its details keep their types. */
export function logKind<const Name extends string, Details extends TSchema>(
  kind: LogKind<Name, Details>,
): LogKind<Name, Details> {
  return kind;
}

/** What a kind says, as it is read and as it is written. */
export type DetailsOf<Kind extends LogKind> = Unchanged<Static<Kind['details']>>;

/** A record is not changed, nor anything in it. */
type Unchanged<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : { readonly [Key in keyof Value]: Unchanged<Value[Key]> };
