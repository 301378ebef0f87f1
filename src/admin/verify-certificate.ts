import { type Static, Type } from 'typebox';
import type { IssuerCustody } from '../authority/index.ts';
import { type Bytes, HoldfastError, parseTime } from '../base/index.ts';
import type { Certificate } from '../pki/index.ts';
import { parseCertificate } from '../pki/index.ts';
import {
  type PolicyRequest,
  type Purpose,
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
export interface PathExpectation {
  readonly bundle: TrustBundle;
  readonly at: Date;
  /** The host that the certificate is to be for, where it is a server's. */
  readonly host?: string;
  /** The policies that the path has to hold under; any, and none, will do unless said. */
  readonly policies?: PolicyRequest;
}

/** The path from the first certificate of `chain` to a root of the network. Errors: all of {@link verifyCertificate} but `certificate_revoked`. */
export function verifyPath(chain: readonly Bytes[], expectation: PathExpectation): ValidPath {
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
export function verdictOf(path: ValidPath, at: Date, revocation: string): CertificateVerdict {
  const [leaf, ...issuers] = path;
  const view = describeCertificate(leaf, at.getTime());
  return {
    ...view,
    path: issuers.map((issuer) => describeCertificate(issuer, at.getTime()).subject),
    revocation,
  };
}

/** What a certificate that may be for either is judged as. */
export function purposeOf({ extensions }: Certificate): Purpose {
  return extensions.extendedKeyUsage?.includes('clientAuth') === false ? 'serverAuth' : 'clientAuth';
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
  if (record === undefined && (await authority.isGood(serial, certificate))) return;
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
