import { type Static, Type } from 'typebox';
import {
  type Authority,
  type CertificateRecord,
  type ImportedRecord,
  identityLabel,
} from '../authority/index.ts';
import { asBuffer, type Bytes, HoldfastError, mapInTurns } from '../base/index.ts';
import {
  attributeOids,
  type Certificate,
  createSubject,
  type Identity,
  parseCertificate,
  parseSerialNumber,
  roles,
  type SerialNumber,
  signed,
} from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, Chain, maxListed, TextOrNull, Time, TimeOrNull } from './answer.ts';
import { CertificateView, describeCertificate } from './describe-certificate.ts';

export const certificateListInput = Type.Object(
  {
    role: Type.Optional(Type.Enum([...roles])),
    name: Type.Optional(Type.String({ maxLength: 63 })),
    state: Type.Optional(Type.Enum(['valid', 'expired', 'revoked'])),
    /** Only those that end within so many milliseconds and are not renewed yet, the soonest first. */
    expiringWithinMs: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The beginning of a serial number, fingerprint, name or host name. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    /** Serial number of the last one of the page before. */
    after: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** A page of certificates. */
export const CertificateListAnswer = Type.Array(CertificateView);

/** A page of the certificates that were issued, the newest first; of those that end soon, the soonest. */
export async function listCertificates(
  { authority, clock }: AdminContext,
  { expiringWithinMs, after, ...filter }: Static<typeof certificateListInput>,
): Promise<Answer<typeof CertificateListAnswer>> {
  const expiring =
    expiringWithinMs === undefined ? {} : { expiringBefore: new Date(clock.now() + expiringWithinMs) };
  const page = after === undefined ? {} : { after: serialOf(after) };
  const records = await authority.certificates.list({ ...filter, ...expiring, ...page });
  return await mapInTurns(records, (record) => viewOf(authority, record, clock.now()));
}

function serialOf(text: string): SerialNumber {
  const serial = parseSerialNumber(text);
  if (serial !== undefined) return serial;
  throw new HoldfastError('input_invalid', `${JSON.stringify(text)} is no serial number`);
}

export const certificateShowInput = Type.Object(
  { serial: Type.String({ minLength: 1, maxLength: 40 }) },
  { additionalProperties: false },
);

/**
 * One certificate by its serial number, or enough of its beginning. `object_not_found` when the authority issued none of this
 * number, `input_invalid` when several begin so.
 */
export async function showCertificate(
  { authority, clock }: AdminContext,
  { serial }: Static<typeof certificateShowInput>,
): Promise<CertificateView> {
  const number = parseSerialNumber(serial);
  const imported = number && (await authority.certificates.showImported(number));
  if (imported !== undefined) return importedView(imported, clock.now());
  return viewOf(authority, await bySerial(authority, serial), clock.now());
}

async function bySerial(authority: Authority, serial: string): Promise<CertificateRecord> {
  const number = parseSerialNumber(serial);
  const exact = number && (await authority.certificates.show(number));
  const [record, ...others] = exact === undefined ? await beginningWith(authority, serial) : [exact];
  if (record === undefined)
    throw new HoldfastError('object_not_found', `this authority issued no certificate ${serial}`, {
      hint: 'holdfast cert list shows them all',
    });
  if (others.length === 0) return record;
  throw new HoldfastError(
    'input_invalid',
    `${others.length + 1} certificates have numbers that begin ${serial}`,
    {
      hint: `give more digits: holdfast cert list --search ${serial} --json`,
    },
  );
}

export const certificateExportInput = Type.Object(
  {
    /** One of both: a serial number or enough of its beginning, or `role/name`, whose newest certificate is meant. */
    serial: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
    identity: Type.Optional(Type.String({ minLength: 3, maxLength: 80 })),
    /** With what leads from it to the root, and the root. */
    chain: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** A certificate that was issued, and its DER; with its chain the root's last. */
export const CertificateExportAnswer = Type.Object({ certificate: CertificateView, chain: Chain });

/** Gives a certificate to whoever administers, without the handle of who asked for it. Errors: as {@link showCertificate} */
export async function exportCertificate(
  context: AdminContext,
  { serial, identity, chain = false }: Static<typeof certificateExportInput>,
): Promise<Answer<typeof CertificateExportAnswer>> {
  if ((serial === undefined) === (identity === undefined))
    throw new HoldfastError('input_invalid', 'expected a serial number or an identity, and not both');
  const { authority, clock } = context;
  const record =
    serial === undefined ? await newestOf(authority, identity ?? '') : await bySerial(authority, serial);
  const { certificate } = record;
  const ders = chain ? [certificate.der, ...issuersOf(authority, certificate)] : [certificate.der];
  return {
    certificate: viewOf(authority, record, clock.now()),
    chain: ders.map((der) => asBuffer(der).toString('base64')),
  };
}

async function newestOf({ certificates }: Authority, identity: string): Promise<CertificateRecord> {
  const [role = '', name = ''] = identity.split('/', 2);
  const known = roles.find((each) => each === role);
  const [newest] = known === undefined ? [] : await certificates.list({ role: known, name, limit: 1 });
  if (newest !== undefined) return newest;
  throw new HoldfastError('object_not_found', `this authority issued no certificate to ${identity}`, {
    hint: 'holdfast cert list shows them all; an identity is written role/name, as client/laptop',
  });
}

/** The issuing certificate, of any generation, and the root. */
function issuersOf({ issuings, root }: Authority, certificate: Certificate): Bytes[] {
  const issuing = issuings.find((der) => signed(parseCertificate(der), certificate));
  return issuing === undefined ? [root.der] : [issuing, root.der];
}

/** As many as are needed to know that several begin so; names and fingerprints that do are passed over. */
async function beginningWith({ certificates }: Authority, digits: string): Promise<CertificateRecord[]> {
  const found = await certificates.list({ search: digits, limit: 100 });
  return found.filter(({ serial }) => serial.startsWith(digits));
}

function viewOf(
  { custody }: Authority,
  { certificate, ...record }: CertificateRecord,
  nowMs: number,
): CertificateView {
  const view = describeCertificate(certificate, nowMs, record);
  return custody.isClipped(certificate) ? { ...view, clipped: true } : view;
}

const Attribute = Type.Optional(Type.String({ maxLength: 32_768 }));

export const certificateIssueInput = Type.Object(
  {
    role: Type.Enum([...roles]),
    name: Type.String(),
    /** Host names and addresses as typed. */
    names: Type.Optional(Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 512 })),
    /** By the short names of attributes; the name as CN unless said. */
    subject: Type.Optional(
      Type.Object(Object.fromEntries(Object.keys(attributeOids).map((type) => [type, Attribute])), {
        additionalProperties: false,
      }),
    ),
    /** SubjectPublicKeyInfo, base64. */
    publicKey: Type.String({ maxLength: 4096 }),
    /** The key was made by the administrator for another machine; the log is to know. */
    withKey: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** A certificate that was issued. */
export const CertificateIssueAnswer = Type.Object({
  /** `client/alpha` */
  identity: Type.String(),
  serial: Type.String(),
  fingerprint: Type.String(),
  notAfter: Time,
  /** Leaf, then issuing. */
  chain: Chain,
  /** DER. */
  root: Base64,
});

/**
 * Issues at an administrator's word for a key whose private half stays with whoever made it. Errors: `name_invalid`,
 * `name_reserved`, `request_not_allowed`, `key_unsupported`, and what stops all issuing.
 */
export async function issueCertificate(
  { authority }: AdminContext,
  input: Static<typeof certificateIssueInput>,
  caller: Identity,
): Promise<Answer<typeof CertificateIssueAnswer>> {
  const { role, name, names = [], subject, publicKey, withKey } = input;
  const { certificate, chain } = await authority.issueLocal({
    role,
    name,
    names,
    subject: subject && createSubject(subject),
    spki: Buffer.from(publicKey, 'base64'),
    withKey,
    by: identityLabel(caller),
  });
  const { serial, fingerprint, notAfter } = certificate;
  return {
    identity: `${role}/${name}`,
    serial,
    fingerprint,
    notAfter: notAfter.toISOString(),
    chain: chain.map((der) => asBuffer(der).toString('base64')),
    root: asBuffer(authority.root.der).toString('base64'),
  };
}

/**
 * One that the root had issued before it was adopted, as it is shown.
 * @throws HoldfastError `object_not_found` where nothing but its number and what an index said of it is known
 */
function importedView(
  { certificate, serial, subject, ...record }: ImportedRecord,
  nowMs: number,
): CertificateView {
  if (certificate !== undefined) return describeCertificate(certificate, nowMs, record);
  const called = subject === undefined ? '' : ` of ${subject}`;
  throw new HoldfastError(
    'object_not_found',
    `the certificate ${serial}${called} was issued before this authority was adopted, and was not at hand then`,
    { hint: `what is known of it: holdfast cert list --imported --search ${serial}` },
  );
}

export const importedListInput = Type.Object(
  {
    state: Type.Optional(Type.Enum(['valid', 'expired', 'revoked'])),
    /** Part of the subject, or the beginning of a serial number. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    /** The id of the last one of the page before. */
    after: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** A page of what the root had issued before it was adopted; null where it is not known. */
export const ImportedListAnswer = Type.Array(
  Type.Object({
    id: Type.Integer(),
    serial: Type.String(),
    subject: TextOrNull,
    notAfter: TimeOrNull,
    state: Type.Enum(['valid', 'expired', 'revoked']),
    revokedAt: TimeOrNull,
    /** In a word of RFC 5280. */
    revocationReason: TextOrNull,
    /** Of the certificate, where that was at hand. */
    fingerprint: TextOrNull,
  }),
);

/** A page of the certificates that the root had issued before it was adopted, in the order they were imported. */
export async function listImported(
  { authority }: AdminContext,
  filter: Static<typeof importedListInput>,
): Promise<Answer<typeof ImportedListAnswer>> {
  const records = await authority.certificates.listImported(filter);
  return records.map(
    ({ id, serial, subject, notAfter, state, revokedAt, revocationReason, certificate }) => ({
      id,
      serial,
      subject: subject ?? null,
      notAfter: notAfter?.toISOString() ?? null,
      state,
      revokedAt: revokedAt?.toISOString() ?? null,
      revocationReason: revocationReason ?? null,
      fingerprint: certificate?.fingerprint ?? null,
    }),
  );
}
