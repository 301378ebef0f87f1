import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { formatName, type Identity, parseCertificate } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import type { Answer } from './answer.ts';

const Target = Type.String({ pattern: '^(host|listener) [^ ]{1,253}$' });
const Hosts = Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { maxItems: 512 });

export const tlsBindInput = Type.Object(
  {
    target: Target,
    fingerprint: Type.String({ maxLength: 120 }),
    /** For which hosts clients are to believe the roots. */
    hosts: Hosts,
    /** DER, base64. */
    roots: Type.Array(Type.String({ maxLength: 32 * 1024 }), { maxItems: 16 }),
  },
  { additionalProperties: false },
);

/** What it was about. */
export const TlsAnswer = Type.Object({ target: Type.String() });

/** Tells clients whom to believe for hosts, and the running server to show what its keystore holds by now. */
export async function bindTls(
  { authority, reloadTls }: AdminContext,
  { roots, ...order }: Static<typeof tlsBindInput>,
  caller: Identity,
): Promise<Answer<typeof TlsAnswer>> {
  const ders = roots.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  for (const der of ders) parseCertificate(der);
  await authority.serverRoots.bind({ ...order, roots: ders, by: identityLabel(caller) });
  await reloadTls();
  return { target: order.target };
}

export const tlsUnbindInput = Type.Object({ target: Target, hosts: Hosts }, { additionalProperties: false });

/** Takes back what {@link bindTls} did, for these hosts. */
export async function unbindTls(
  { authority, reloadTls }: AdminContext,
  input: Static<typeof tlsUnbindInput>,
  caller: Identity,
): Promise<Answer<typeof TlsAnswer>> {
  await authority.serverRoots.unbind({ ...input, by: identityLabel(caller) });
  await reloadTls();
  return { target: input.target };
}

/** Roots, each of which clients believe for one host. */
export const ServerRootsAnswer = Type.Array(
  Type.Object({ host: Type.String(), subject: Type.String(), fingerprint: Type.String() }),
);

/** The roots from elsewhere that go out to clients. */
export async function listServerRoots({
  authority,
}: AdminContext): Promise<Answer<typeof ServerRootsAnswer>> {
  return authority.serverRoots.list().map(({ host, certificate }) => ({
    host,
    subject: formatName(certificate.subject),
    fingerprint: certificate.fingerprint,
  }));
}
