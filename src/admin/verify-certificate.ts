import { type Static, Type } from 'typebox';
import type { IssuerCustody } from '../authority/index.ts';
import { type Bytes, type Clock, HoldfastError, parseTime } from '../base/index.ts';
import { type AnyCrl, type Certificate, parseCertificate } from '../pki/index.ts';
import { evidenceFetcher, isPublicRoot } from '../transport/index.ts';
import {
  askRevocation,
  type PolicyRequest,
  type Purpose,
  type RevocationStatus,
  revocationStatus,
  type TrustBundle,
  type ValidPath,
  validatePath,
  verifyServerName,
} from '../trust/index.ts';
import type { AdminContext } from './admin-context.ts';
import type { Answer } from './answer.ts';
import { certificateFields, describeCertificate } from './describe-certificate.ts';

export const certificateVerifyInput = Type.Object(
  {
    /** DER in base64, the leaf first. */
    chain: Type.Array(Type.String({ maxLength: 64 * 1024 }), { minItems: 1, maxItems: 16 }),
    /** ISO 8601; now unless said. */
    at: Type.Optional(Type.String({ maxLength: 40 })),
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  },
  { additionalProperties: false },
);

/** A certificate that is good, and why. */
export const CertificateVerdict = Type.Object({
  ...certificateFields,
  /** Subjects from its issuer to the root. */
  path: Type.Array(Type.String()),
  /** How it is known that it is not revoked. */
  revocation: Type.String(),
});
export type CertificateVerdict = Answer<typeof CertificateVerdict>;

/**
 * Verifies a certificate as a node would, and by what is on record here: path to the root, names, dates, revocation.
 * @throws HoldfastError what is wrong first: `certificate_unknown_authority`, `certificate_expired`,
 *   `certificate_not_yet_valid`, `certificate_not_allowed`, `certificate_wrong_name`, `issuer_revoked`,
 *   `certificate_revoked`
 */
export async function verifyCertificate(
  { authority, clock }: AdminContext,
  { chain, at, host }: Static<typeof certificateVerifyInput>,
): Promise<CertificateVerdict> {
  const moment = at === undefined ? new Date(clock.now()) : momentOf(at);
  const own = await authority.custody.list();
  const presented = chain.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  const path = verifyPath([...presented, ...own.map(({ certificate }) => certificate.der)], {
    bundle: authority.trustBundle,
    at: moment,
    host,
  });
  for (const issuer of own) checkIssuer(issuer, path);
  const isOwn = own.some(({ certificate }) => certificate.fingerprint === path[0].fingerprint);
  if (!isOwn) await checkRecord(authority, path[0], moment);
  return verdictOf(path, moment, 'not revoked by the records of the authority');
}

/** What a path is verified against. */
interface PathExpectation {
  readonly bundle: TrustBundle;
  readonly at: Date;
  /** The host that the certificate is to be for, where it is a server's. */
  readonly host?: string | undefined;
  /** The policies that the path has to hold under; any, and none, will do unless said. */
  readonly policies?: PolicyRequest | undefined;
}

/** The path from the first certificate of `chain` to a root of the network. Errors: all of {@link verifyCertificate} but `certificate_revoked`. */
function verifyPath(chain: readonly Bytes[], expectation: PathExpectation): ValidPath {
  const { bundle, at, host, policies = {} } = expectation;
  const [leaf = new Uint8Array(), ...intermediates] = chain;
  const anchors = bundle.anchors.flatMap(({ speaksFor, certificate }) =>
    speaksFor.kind === 'network' ? [certificate] : [],
  );
  const purpose = host === undefined ? purposeOf(parseCertificate(leaf)) : 'serverAuth';
  const { rootLists } = bundle;
  const path = validatePath({
    leaf,
    intermediates,
    anchors,
    at,
    purpose,
    rules: 'chosen',
    rootLists,
    policies,
  });
  if (host !== undefined) verifyServerName(path[0], host);
  return path;
}

/** How a path that was found good is shown. */
function verdictOf(path: ValidPath, at: Date, revocation: string): CertificateVerdict {
  const [leaf, ...issuers] = path;
  const view = describeCertificate(leaf, at.getTime());
  return {
    ...view,
    path: issuers.map((issuer) => describeCertificate(issuer, at.getTime()).subject),
    revocation,
  };
}

/** What a certificate that may be for either is judged as. */
function purposeOf({ extensions }: Certificate): Purpose {
  return extensions.extendedKeyUsage?.includes('clientAuth') === false ? 'serverAuth' : 'clientAuth';
}

/** Whom a path is believed by: the network, with what is known of its issuing certificates, or roots that somebody gives; DER. */
type Believed =
  | { readonly bundle: TrustBundle; readonly issuing: readonly Bytes[] }
  | { readonly roots: readonly Bytes[] };

/** How a certificate is verified without the records of an authority. */
interface EvidenceOrder extends Pick<PathExpectation, 'host' | 'policies'> {
  readonly believed: Believed;
  /** The moment that it is judged by; now unless said. */
  readonly at?: Date | undefined;
  /** Lists that were given. */
  readonly crls?: readonly AnyCrl[] | undefined;
  /** Whether the addresses are asked that the certificates name. */
  readonly asks: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Verifies a certificate by roots, and by what lists and answers say of whether it and those above it are revoked: those that
 * are given, or those at the addresses that the certificates name.
 * @param chain DER, the leaf first
 * @throws HoldfastError what is wrong first; `certificate_revoked`, `revocation_unknown`
 */
export async function verifyByEvidence(
  chain: readonly Bytes[],
  { believed, crls, asks, clock, signal, ...order }: EvidenceOrder,
): Promise<CertificateVerdict> {
  const now = (): Date => new Date(clock.now());
  const { at = now() } = order;
  const { path, known } = pathBy(believed, chain, { ...order, at });
  if (!asks && crls === undefined) return verdictOf(path, at, 'not looked at: --online or --crl FILE');
  const evidence = { crls: crls ?? [], certificates: known.map((der) => parseCertificate(der)), answers: [] };
  // By when something was revoked counts only where another moment than now is asked about.
  const rules = { now, ...(order.at !== undefined && { revokedBy: at }) };
  // What is asked for now is good now; what was kept is good at the moment that is asked about.
  const statuses = asks
    ? await askRevocation(path, evidence, rules, evidenceFetcher(signal))
    : path.slice(0, -1).map((each) => revocationStatus(each, path, evidence, { at }));
  return verdictOf(path, at, saidOf(path, statuses, asks));
}

/** The path, and the certificates of those who may have signed a list. */
function pathBy(
  believed: Believed,
  chain: readonly Bytes[],
  judged: Omit<PathExpectation, 'bundle'>,
): { readonly path: ValidPath; readonly known: readonly Bytes[] } {
  const [leaf = new Uint8Array(), ...intermediates] = chain;
  if ('bundle' in believed) {
    // The issuing certificate may stand in the file, or be the one of this machine's own.
    const { bundle, issuing } = believed;
    const path = verifyPath([...chain, ...issuing], { ...judged, bundle });
    return { path, known: [...intermediates, ...issuing] };
  }
  const { at, host, policies = {} } = judged;
  const path = validatePath({
    leaf,
    intermediates,
    anchors: believed.roots,
    at,
    purpose: host === undefined ? purposeOf(parseCertificate(leaf)) : 'serverAuth',
    rules: ({ fingerprint }) => (isPublicRoot(fingerprint) ? 'public' : 'private'),
    policies,
  });
  if (host !== undefined) verifyServerName(path[0], host);
  return { path, known: [...intermediates, ...believed.roots] };
}

/** What was looked at; an error for what is revoked or not known, of the one nearest to the root first. */
function saidOf(path: ValidPath, statuses: readonly RevocationStatus[], isAsking: boolean): string {
  const said: string[] = [];
  for (const [index, status] of [...statuses.entries()].reverse()) {
    const certificate = path[index] as Certificate;
    if (status.kind === 'revoked') throw status.error;
    if (status.kind === 'good') said.unshift(...status.by.map((each) => sourceOf(each, certificate)));
    else if (!isAsking || namesAnything(certificate) || status.problems.length > 0)
      throw unknown(certificate, status.problems);
  }
  return said.length === 0 ? 'not looked at: no list is named' : `not in ${said.join(', ')}`;
}

function namesAnything({ extensions }: Certificate): boolean {
  return extensions.crlPoints.length + extensions.ocspUrls.length > 0;
}

function sourceOf(
  source: { readonly thisUpdate: Date; readonly number?: bigint },
  { extensions }: Certificate,
): string {
  const [url = '', ...others] = extensions.crlUrls;
  const name = others.length === 0 ? URL.parse(url)?.pathname.split('/').at(-1) : undefined;
  const list = name ?? `list ${source.number ?? 'without a number'}`;
  return `${'certId' in source ? 'an OCSP answer' : list} of ${source.thisUpdate.toISOString()}`;
}

/** One cause is told by its own code. */
function unknown({ serial }: Certificate, problems: readonly HoldfastError[]): HoldfastError {
  const [only, ...others] = problems;
  const hint = 'is the server of the network up? it signs a new list ahead of time';
  if (only !== undefined && others.length === 0)
    return new HoldfastError(only.code, only.message, { hint, cause: only });
  const why = [...new Set(problems.map(({ message }) => message))].join('; ');
  return new HoldfastError(
    'revocation_unknown',
    `whether certificate ${serial} is revoked is not known: ${why === '' ? 'no list and no answer is about it' : why}`,
    { cause: only },
  );
}

/** When it was revoked does not count: whoever has its key dates what he signs as he likes. */
function checkIssuer({ label, certificate, revoked }: IssuerCustody, path: ValidPath): void {
  if (revoked === undefined || !path.some(({ fingerprint }) => fingerprint === certificate.fingerprint))
    return;
  const since = `${revoked.at.toISOString()} (${revoked.reason})`;
  throw new HoldfastError('issuer_revoked', `the issuing certificate ${label} is revoked since ${since}`);
}

async function checkRecord(
  authority: AdminContext['authority'],
  certificate: Certificate,
  at: Date,
): Promise<void> {
  const { serial, fingerprint } = certificate;
  const record = await authority.certificates.show(serial);
  // From before a restore from keys alone: what the server takes is good here too.
  if (record === undefined && (await authority.isGood(serial, certificate.der))) return;
  if (record?.certificate.fingerprint !== fingerprint)
    throw new HoldfastError(
      'certificate_revoked',
      `certificate ${serial} is not on record: it was never issued here`,
    );
  if (record.revokedAt === undefined || record.revokedAt > at) return;
  const since = record.revokedAt.toISOString();
  throw new HoldfastError('certificate_revoked', `certificate ${serial} is revoked since ${since}`);
}

function momentOf(text: string): Date {
  const at = parseTime(text);
  if (at !== undefined) return at;
  throw new HoldfastError(
    'input_invalid',
    `time ${JSON.stringify(text)}: expected one such as 2027-01-31T12:00:00Z`,
  );
}
