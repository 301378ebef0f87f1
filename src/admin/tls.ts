import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { asBuffer, HoldfastError } from '../base/index.ts';
import { formatName, type Identity, parseCertificate } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, PresentWhen, Time } from './answer.ts';

const Host = Type.Optional(Type.String({ minLength: 1, maxLength: 1024 }));
const Listener = Type.Optional(Type.String({ minLength: 1, maxLength: 32 }));
/** DER, base64. */
const Certificates = Type.Array(Type.String({ maxLength: 32 * 1024 }), { maxItems: 16 });

export const tlsBindInput = Type.Object(
  {
    /** One of both; neither stands for every listener. */
    host: Host,
    listener: Listener,
    /** The certificate, then each that signed the one before. */
    chain: Type.Array(Type.String({ maxLength: 32 * 1024 }), { minItems: 1, maxItems: 16 }),
    /** By which clients are to take it; none leaves them as they are. */
    roots: Certificates,
    /** Its private key in PEM; the one of a request that was made here unless given. */
    key: Type.Optional(Type.String({ maxLength: 1024 * 1024 })),
  },
  { additionalProperties: false },
);

const Target = Type.Object({ kind: Type.Enum(['host', 'listener']), name: Type.String() });

/** The certificate that is shown now, and to whom. */
export const TlsBindAnswer = Type.Object({
  ...Target.properties,
  subject: Type.String(),
  serial: Type.String(),
  fingerprint: Type.String(),
  notAfter: Time,
  /** Names under which clients come to the target, and which it is not for. */
  uncovered: Type.Array(Type.String()),
  /** Whether clients are configured with the target. */
  known: Type.Boolean(),
  /** Listeners that go on showing what is bound to them alone. */
  exceptions: Type.Array(Type.String()),
  /** Listeners that show it to machines that join, which believe the network's own certificate alone. */
  noJoining: PresentWhen('the server is new enough to say it', Type.Array(Type.String())),
});

/** Shows a certificate from elsewhere for a host or at a listener, and tells clients whom to believe for it. */
export async function bindTls(
  { bindings }: Pick<AdminContext, 'bindings'>,
  { chain, roots, key, ...to }: Static<typeof tlsBindInput>,
  caller: Identity,
): Promise<Answer<typeof TlsBindAnswer>> {
  const { target, leaf, uncovered, isKnown, exceptions, noJoining } = await bindings.bind({
    ...to,
    chain: chain.map(certificateIn),
    roots: roots.map(certificateIn),
    key: key === undefined ? undefined : privateKeyIn(key),
    by: identityLabel(caller),
  });
  const { subject, serial, fingerprint, notAfter } = leaf;
  return {
    ...target,
    subject: formatName(subject),
    serial,
    fingerprint,
    notAfter: notAfter.toISOString(),
    uncovered,
    known: isKnown,
    exceptions,
    noJoining: [...noJoining],
  };
}

function certificateIn(text: string): Uint8Array<ArrayBuffer> {
  const der = Uint8Array.from(Buffer.from(text, 'base64'));
  parseCertificate(der);
  return der;
}

function privateKeyIn(text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new HoldfastError('key_malformed', 'what was given is no unencrypted private key in PEM', {
      cause,
    });
  }
}

export const tlsUnbindInput = Type.Object(
  { host: Host, listener: Listener },
  { additionalProperties: false },
);

/** What it was about. */
export const TlsUnbindAnswer = Target;

/** Takes back what {@link bindTls} did. */
export async function unbindTls(
  { bindings }: Pick<AdminContext, 'bindings'>,
  input: Static<typeof tlsUnbindInput>,
  caller: Identity,
): Promise<Answer<typeof TlsUnbindAnswer>> {
  return await bindings.unbind({ ...input, by: identityLabel(caller) });
}

/** Roots, each of which clients believe for one host. */
export const ServerRootsAnswer = Type.Array(
  Type.Object({
    host: Type.String(),
    subject: Type.String(),
    fingerprint: Type.String(),
    /** DER */
    certificate: PresentWhen('the server is new enough to say it', Base64),
  }),
);

/** The roots from elsewhere that go out to clients. */
export async function listServerRoots({
  authority,
}: AdminContext): Promise<Answer<typeof ServerRootsAnswer>> {
  return authority.serverRoots.list().map(({ host, certificate }) => ({
    host,
    subject: formatName(certificate.subject),
    fingerprint: certificate.fingerprint,
    certificate: asBuffer(certificate.der).toString('base64'),
  }));
}
