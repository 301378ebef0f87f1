import { type Static, type TSchema, Type } from 'typebox';
import type { Authority } from '../authority/index.ts';
import type { Clock } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import {
  certificateListInput,
  certificateShowInput,
  listCertificates,
  showCertificate,
} from './certificates.ts';
import { showStatus } from './status.ts';
import { createToken, tokenCreateInput } from './tokens.ts';

/** A listener as `status` shows it. */
export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly services: readonly string[];
  readonly clientCertificate: string;
  /** What is weaker than the default, in sentences; empty when nothing is. */
  readonly weaker: readonly string[];
}

/** What operations work on. */
export interface AdminContext {
  readonly authority: Authority;
  readonly clock: Clock;
  /** `host:port` of every enrolment listener, for join codes. */
  readonly enrolAddresses: readonly string[];
  /** The running server's listeners; empty when none runs. */
  readonly listeners: readonly ListenerView[];
  /** Where the recovery kit was written, to see whether it is still there. */
  readonly recoveryKitPath: string;
}

/** One thing an administrator can do: who may, what it takes, what it gives. */
export interface Operation<Input extends TSchema, Answer> {
  readonly role: Identity['role'];
  readonly input: Input;
  readonly handle: (context: AdminContext, input: Static<Input>, caller: Identity) => Promise<Answer>;
}

const nothing = Type.Object({}, { additionalProperties: false });

/** The whole admin API. A command, the console and another machine all come through this table. */
export const operations = {
  status: define(nothing, showStatus),
  'token.create': define(tokenCreateInput, createToken),
  'cert.list': define(certificateListInput, listCertificates),
  'cert.show': define(certificateShowInput, showCertificate),
} as const;

export type OperationName = keyof typeof operations;
export type OperationInput<Name extends OperationName> = Static<(typeof operations)[Name]['input']>;
export type OperationAnswer<Name extends OperationName> = Awaited<
  ReturnType<(typeof operations)[Name]['handle']>
>;

function define<Input extends TSchema, Answer>(
  input: Input,
  handle: (context: AdminContext, input: Static<Input>, caller: Identity) => Promise<Answer>,
): Operation<Input, Answer> {
  return { role: 'admin', input, handle };
}
