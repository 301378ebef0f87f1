import { type Static, type TSchema, Type } from 'typebox';
import type { Bytes } from '../../base/index.ts';
import { type Fingerprint, revocationReasons, type SerialNumber } from '../../pki/index.ts';
import type { Records } from '../records/index.ts';

/** What was decided: what the log says of it. */
export interface Decision<Details> {
  readonly details: Details;
  /** Who did it. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Bytes that a record names by their digest, and that a mirror of the log holds beside it. */
export interface Attachment<Details, Given> {
  /** What they are: without its certificate a record is damaged, without a sealed password only that is lost. */
  readonly as: 'certificate' | 'sealed';
  /** Whether some bytes are those that the record names. */
  isOf(details: Details, bytes: Bytes): boolean;
  /** Finds them in the tables, for a mirror. */
  find(records: Records, decision: Decision<Details>): Promise<Bytes | undefined>;
  /** Makes of bytes from a mirror what `apply` is given. @throws HoldfastError `authority_damaged` when they do not belong here */
  open(tx: Records, decision: Decision<Details>, bytes: Bytes): Promise<Given>;
}

/** How much of what a restore tells that it has learnt. */
export interface Learnt {
  readonly certificates?: number;
  readonly revoked?: number;
  readonly issuers?: number;
}

/** One kind of decision that the log records. */
export interface LogKind<
  Name extends string = string,
  Details extends TSchema = TSchema,
  Given = unknown,
  Result = unknown,
> {
  /** As it stands in the records, for ever. */
  readonly name: Name;
  /** What is said of it, what logs of before say too: a field that came later is optional, and there may be others. */
  readonly details: Details;
  /** What `apply` needs beside what the log says. */
  readonly attachment?: Attachment<DetailsIn<Details>, Given>;
  /** The log says that something was, and not what it was: that is in the database alone, and lost with it. */
  readonly lost?: true;
  /**
   * Does to the tables what was decided: live in the transaction that records it, and again where a restore reads the
   * record. A kind without it changes no table, or nothing that a restore could do again.
   */
  apply?(tx: Records, decision: Decision<DetailsIn<Details>>, given: Given): Promise<Result>;
  /** What a restore tells of a record that it applied. */
  learnt?(result: Result): Learnt;
}

/** A kind as it is written down: what it says, is given and answers keep their types. */
export function logKind<const Name extends string, Details extends TSchema, Given = undefined, Result = void>(
  kind: LogKind<Name, Details, Given, Result>,
): LogKind<Name, Details, Given, Result> {
  return kind;
}

type DetailsIn<Details extends TSchema> = Unchanged<Static<Details>>;

/** What a kind says, as it is read and as it is written. */
export type DetailsOf<Kind extends LogKind> = DetailsIn<Kind['details']>;

/** What live work gives to `apply` of a kind. */
export type GivenTo<Kind> = Kind extends LogKind<string, TSchema, infer Given, infer _> ? Given : never;

/** What `apply` of a kind answers. */
export type ResultOf<Kind> = Kind extends LogKind<string, TSchema, infer _, infer Result> ? Result : never;

/** A record is not changed, nor anything in it. */
type Unchanged<Value> = Value extends string | number | boolean | null | undefined
  ? Value
  : { readonly [Key in keyof Value]: Unchanged<Value[Key]> };

/** `client/alpha`. */
export const IdentityLabel = Type.String();
/** `issuing-2`, of a certificate of the authority. */
export const IssuerLabel = Type.String();
/** ISO 8601. */
export const Time = Type.String();
export const Serial = Type.Unsafe<SerialNumber>(Type.String());
export const CertificateFingerprint = Type.Unsafe<Fingerprint>(Type.String());
export const Reason = Type.Enum([...revocationReasons]);
/** The number of a join code. */
export const Token = Type.Integer();
/** The number of a request. */
export const RequestId = Type.Integer();
/** A place in the log. */
export const Sequence = Type.Integer();
