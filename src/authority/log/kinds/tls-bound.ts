import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { CertificateFingerprint } from './terms.ts';

const Hosts = Type.Array(Type.String());

/** A certificate from elsewhere is shown, and nodes are to believe its roots for some hosts. */
export const tlsBound = logKind({
  name: 'tls bound',
  details: Type.Object({
    target: Type.String(),
    fingerprint: Type.String(),
    hosts: Hosts,
    roots: Type.Array(CertificateFingerprint),
  }),
  // The roots.
  lost: true,
});

/** No certificate from elsewhere is shown for some hosts any more. */
export const tlsUnbound = logKind({
  name: 'tls unbound',
  details: Type.Object({ target: Type.String(), hosts: Hosts }),
  async apply(tx, { details }) {
    for (const host of details.hosts) await tx.serverRoots.removeOf(host);
  },
});
