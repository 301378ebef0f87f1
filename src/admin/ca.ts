import { type Static, Type } from 'typebox';
import {
  describeClock,
  type IssuerCustody,
  identityLabel,
  type ListedCrl,
  namesPlace,
  type OutsideStatus,
} from '../authority/index.ts';
import { asBuffer, HoldfastError } from '../base/index.ts';
import { type Certificate, formatName, type Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, Chain, PresentWhen, TextOrNull, Time } from './answer.ts';
import { describeIssuer, IssuerView } from './describe-certificate.ts';

/** A certificate that an authority outside has signed, and whether that has revoked it. */
const OutsideStatusView = Type.Object({
  subject: Type.String(),
  issuer: Type.String(),
  fingerprint: Type.String(),
  serial: Type.String(),
  notAfter: Time,
  /** `not named`: it says no place where that could be asked. */
  revocation: Type.Enum(['good', 'revoked', 'unknown', 'not named']),
  revokedAt: PresentWhen('it is revoked', Time),
  /** In a word of RFC 5280; `certificateHold` may be lifted again. */
  revocationReason: PresentWhen('it is revoked', Type.String()),
  /** When it was learnt last that it is good, and until when that counts. */
  learntAt: PresentWhen('it was ever learnt', Time),
  goodUntil: PresentWhen('it was ever learnt', Time),
  askedAt: PresentWhen('it was ever asked', Time),
  /** Why nothing could be learnt the last time. */
  problem: TextOrNull,
});

/** The authority and its own certificates. */
export const CaAnswer = Type.Object({
  network: Type.String(),
  epoch: Type.Integer(),
  /** Whether it may work, and why not. */
  standing: Type.String(),
  /** What is wrong with the clock of its machine, in a sentence; null when nothing is. */
  clock: TextOrNull,
  /** Where the key of the root lies though it should not, in sentences. */
  copies: PresentWhen('the server is new enough to say it', Type.Array(Type.String())),
  /** Roots first, each kind from the newest on. */
  certificates: Type.Array(IssuerView),
  /** The root, where an authority outside has signed it, and those above it, the next one first. */
  outside: PresentWhen('the server is new enough to say it', Type.Array(OutsideStatusView)),
  /** What is to be said of those, in sentences. */
  warnings: PresentWhen('the server is new enough to say it', Type.Array(Type.String())),
});

/** Looks at the certificates of the authority, of all generations, and where their keys are. */
export async function showCa({ authority, clock }: AdminContext): Promise<Answer<typeof CaAnswer>> {
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
    outside: [
      ...authority.outsideStatuses.map(outsideStatusView),
      ...(await authority.outside()).slice(-1).map(anchorView),
    ],
    warnings: authority.outsideWarnings(),
  };
}

function outsideStatusView(status: OutsideStatus): Answer<typeof OutsideStatusView> {
  const { certificate, revoked, asked, known } = status;
  const state = revoked !== undefined ? 'revoked' : known !== undefined ? 'good' : 'unknown';
  return {
    ...namesOf(certificate),
    revocation: namesPlace(certificate) || revoked !== undefined ? state : 'not named',
    ...(revoked && { revokedAt: revoked.at.toISOString(), revocationReason: revoked.reason }),
    ...(known && { learntAt: known.at.toISOString(), goodUntil: known.until.toISOString() }),
    ...(asked && { askedAt: asked.at.toISOString() }),
    problem: asked?.problem ?? null,
  };
}

/** The last one, of which nobody says whether it is revoked. */
function anchorView(certificate: Certificate): Answer<typeof OutsideStatusView> {
  return { ...namesOf(certificate), revocation: 'not named', problem: null };
}

function namesOf({ subject, issuer, fingerprint, serial, notAfter }: Certificate) {
  const [name, by] = [subject, issuer].map(formatName) as [string, string];
  return { subject: name, issuer: by, fingerprint, serial, notAfter: notAfter.toISOString() };
}

export const caExportInput = Type.Object(
  { chain: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);

/** The root, or the issuing certificate in use and then the root; what stands above it comes after it. */
export const CaExportAnswer = Type.Object({ certificates: Chain });

/**
 * Gives the certificates that others are to believe. A root that another authority signed comes with what stands above it:
 * programs that take a root for one only when it signed itself find their way to that.
 */
export async function exportCa(
  { authority }: AdminContext,
  { chain = false }: Static<typeof caExportInput>,
): Promise<Answer<typeof CaExportAnswer>> {
  const { root, issuing } = authority;
  const wanted = [...(chain ? [issuing] : []), root, ...(await authority.outside())];
  return { certificates: wanted.map(({ der }) => Buffer.from(der).toString('base64')) };
}

/** What an outside root is asked to sign, and for which subject. */
export const CaRequestAnswer = Type.Object({ request: Base64, subject: Type.String() });

/** Asks an outside root for another certificate of the authority. */
export async function requestCa({ authority }: AdminContext): Promise<Answer<typeof CaRequestAnswer>> {
  const { request, subject } = await authority.custody.requestRoot();
  return { request: asBuffer(request).toString('base64'), subject };
}

export const caCompleteInput = Type.Object(
  { certificates: Type.Array(Type.String({ maxLength: 65_536 }), { minItems: 1, maxItems: 64 }) },
  { additionalProperties: false },
);

const OutsideView = Type.Object({ fingerprint: Type.String(), subject: Type.String(), notAfter: Time });

/** The certificate of the authority that is in use now, and what stands above it. */
export const CaCompleteAnswer = Type.Object({
  network: Type.String(),
  root: OutsideView,
  outside: Type.Array(OutsideView),
  /** Whether it was in use already. */
  present: Type.Boolean(),
  /** What is to be known of it, in sentences. */
  notes: Type.Array(Type.String()),
});

/** Uses another certificate for the key of the authority, which an outside root has signed; the running server shows it at once. */
export async function completeCa(
  { authority, renewServer }: AdminContext,
  { certificates }: Static<typeof caCompleteInput>,
  caller: Identity,
): Promise<Answer<typeof CaCompleteAnswer>> {
  const { certificate, outside, isPresent, notes } = await authority.custody.renewRoot({
    certificates: certificates.map((text) => Uint8Array.from(Buffer.from(text, 'base64'))),
    by: identityLabel(caller),
  });
  await authority.readAgain();
  await renewServer();
  return {
    network: authority.network,
    root: outsideView(certificate),
    outside: outside.map(outsideView),
    present: isPresent,
    notes: [...notes],
  };
}

function outsideView({ fingerprint, subject, notAfter }: Certificate): Answer<typeof OutsideView> {
  return { fingerprint, subject: formatName(subject), notAfter: notAfter.toISOString() };
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
): Promise<Answer<typeof IssuerView>> {
  const { label } = await authority.custody.permitNames({ names, by: identityLabel(caller) });
  await renewServer();
  const issuers = await authority.custody.list();
  return describeIssuer(issuers.find((each) => each.label === label) as IssuerCustody, clock.now());
}

export const clockAcceptInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** What was wrong with the clock that is accepted; null when nothing was. */
export const ClockAcceptAnswer = Type.Object({
  accepted: Type.Union([
    Type.Object({ kind: Type.Enum(['behind', 'ahead']), now: Time, expected: Time }),
    Type.Null(),
  ]),
});

/** Goes on with the clock as it is. */
export async function acceptClock(
  { authority }: AdminContext,
  { reason }: Static<typeof clockAcceptInput>,
  caller: Identity,
): Promise<Answer<typeof ClockAcceptAnswer>> {
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

const crlFields = {
  /** Of its issuer: `issuing-1`. */
  label: Type.String(),
  number: Type.Integer(),
  signedAt: Time,
  nextUpdate: Time,
};
const CrlView = Type.Object(crlFields);

/** Revocation lists as they are listed. */
export const CrlListAnswer = Type.Array(CrlView);

/** The newest list of every issuer. */
export async function listCrls({ authority }: AdminContext): Promise<Answer<typeof CrlListAnswer>> {
  const lists = await authority.revocation.lists();
  return lists.map(viewOf);
}

export const crlInput = Type.Object(
  {
    label: Type.Optional(Type.String({ maxLength: 100 })),
    /** Where in the list to go on; at its beginning unless said. */
    offset: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);

/** A piece of a list: as text, a long one as a whole would be there several times over. */
export const CrlPiece = Type.Object({
  ...crlFields,
  /** How many bytes the whole has. */
  bytes: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
  /** Some bytes of its DER from the offset on. */
  piece: Base64,
});

const pieceBytes = 384 * 1024;

/**
 * A list with every revocation up to now, signed now when the newest one lacks any; from an offset on, the newest list as
 * it is, which may be another one by then: its number says so. Of what issues now unless a label is given.
 * Errors: `object_not_found`.
 */
export async function showCrl(
  { authority }: AdminContext,
  { label, offset = 0 }: Static<typeof crlInput>,
): Promise<Answer<typeof CrlPiece>> {
  const { revocation } = authority;
  const list = offset === 0 ? await revocation.currentCrl(label) : await revocation.crl(label);
  if (list === undefined) throw new HoldfastError('object_not_found', 'this list is gone');
  const piece = asBuffer(list.der).subarray(offset, offset + pieceBytes);
  return { ...viewOf(list), bytes: list.der.length, piece: piece.toString('base64') };
}

function viewOf({ label, number, signedAt, nextUpdate }: ListedCrl): Answer<typeof CrlView> {
  return { label, number, signedAt: signedAt.toISOString(), nextUpdate: nextUpdate.toISOString() };
}

export const storeAcceptInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** The place that is the store now, and what was found there; null when it was the store already. */
export const StoreAcceptAnswer = Type.Object({ directory: Type.String(), accepted: TextOrNull });

/** Takes what is at the store's place for the store of this network, where the one of before is lost. */
export async function acceptStore(
  { store }: Pick<AdminContext, 'store'>,
  { reason }: Static<typeof storeAcceptInput>,
  caller: Identity,
): Promise<Answer<typeof StoreAcceptAnswer>> {
  const accepted = await store.accept({ reason, by: identityLabel(caller) });
  return { directory: store.directory, accepted: accepted ?? null };
}
