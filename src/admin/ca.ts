import { type Static, Type } from 'typebox';
import {
  type ClockProblem,
  describeClock,
  type IssuerCustody,
  identityLabel,
  type Standing,
} from '../authority/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { describeIssuer, type IssuerView } from './describe-issuer.ts';

/** The authority and its own certificates. */
export interface CaAnswer {
  readonly network: string;
  readonly epoch: number;
  readonly standing: Standing;
  /** What is wrong with the clock of its machine, in a sentence; null when nothing is. */
  readonly clock: string | null;
  /** Where the key of the root lies though it should not, in sentences. No answer of before has it. */
  readonly copies?: readonly string[];
  /** Roots first, each kind from the newest on. */
  readonly certificates: readonly IssuerView[];
}

/** Looks at the certificates of the authority, of all generations, and where their keys are. */
export async function showCa({ authority, clock }: AdminContext): Promise<CaAnswer> {
  const { custody, network, epoch, standing } = authority;
  const problem = custody.clockProblem();
  const certificates = await custody.list();
  return {
    network,
    epoch,
    standing,
    clock: problem === undefined ? null : describeClock(problem),
    copies: await custody.copyWarnings(),
    certificates: certificates.map((each) => describeIssuer(each, clock.now())),
  };
}

export const caExportInput = Type.Object(
  { chain: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

/** DER in base64: of the root alone, or of the issuing certificate in use and then the root. */
export async function exportCa(
  { authority: { root, issuing } }: AdminContext,
  { chain = false }: Static<typeof caExportInput>,
): Promise<{ readonly certificates: readonly string[] }> {
  const wanted = chain ? [issuing, root] : [root];
  return { certificates: wanted.map(({ der }) => Buffer.from(der).toString('base64')) };
}

export const caPermitInput = Type.Object(
  { names: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 64 }) },
  { additionalProperties: false },
);

/** Makes an issuing certificate that may certify these names only, no names stand for any; the running server has it at once. */
export async function permitNames(
  { authority, clock, renewServer }: AdminContext,
  { names }: Static<typeof caPermitInput>,
  caller: Identity,
): Promise<IssuerView> {
  const { label } = await authority.custody.permitNames({ names, by: identityLabel(caller) });
  await renewServer();
  const issuers = await authority.custody.list();
  return describeIssuer(issuers.find((each) => each.label === label) as IssuerCustody, clock.now());
}

export const clockAcceptInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** What was wrong with the clock that is accepted; null when nothing was. Times are ISO 8601. */
export interface ClockAcceptAnswer {
  readonly accepted: {
    readonly kind: ClockProblem['kind'];
    readonly now: string;
    readonly expected: string;
  } | null;
}

/** Goes on with the clock as it is. */
export async function acceptClock(
  { authority }: AdminContext,
  { reason }: Static<typeof clockAcceptInput>,
  caller: Identity,
): Promise<ClockAcceptAnswer> {
  const problem = await authority.custody.acceptClock({ reason, by: identityLabel(caller) });
  if (problem === undefined) return { accepted: null };
  const { kind, nowMs, expectedMs } = problem;
  return {
    accepted: {
      kind,
      now: new Date(nowMs).toISOString(),
      expected: new Date(expectedMs).toISOString(),
    },
  };
}
