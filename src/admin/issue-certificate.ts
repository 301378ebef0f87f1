import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { asBuffer } from '../base/index.ts';
import { attributeOids, createSubject, type Identity, roles } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, Chain, Time } from './answer.ts';

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
