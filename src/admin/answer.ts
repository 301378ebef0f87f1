import { type Static, type TSchema, Type } from 'typebox';

/** What an answer of this schema holds; nobody changes it. */
export type Answer<Schema extends TSchema> = Immutable<Static<Schema>>;

type Immutable<Value> = Value extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Immutable<Value[Key]> }
    : Value;

/** A moment, in process as over HTTP: `2026-11-21T08:00:00.000Z`, as `Date` writes it. */
export const Time = Type.String({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(?:\\.\\d{1,9})?Z$',
});

/** Bytes. */
export const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]{2,}={0,2}$' });

/** A text, or null where there is nothing to say. */
export const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** A moment, or null where there is none. */
export const TimeOrNull = Type.Union([Time, Type.Null()]);

/** Certificates, DER: the leaf first. */
export const Chain = Type.Array(Base64, { minItems: 1 });

/** How much a list gives at once, which costs the serving thread some hundred milliseconds in short turns; the rest in pages. */
export const maxListed = 1000;

/** A field that an answer has when `when` is true, a clause: `it was revoked`; the reference of the answers says so. */
export function PresentWhen<Field extends TSchema>(when: string, field: Field) {
  return Type.Optional(Type.With(field, { when }));
}
