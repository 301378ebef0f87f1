import { Type } from 'typebox';
import { changePolicy } from '../../../policy/index.ts';
import { policyOnRecord } from '../../records/index.ts';
import { CertificateFingerprint, logKind } from '../log-kind.ts';

/** Keys of the policy have other values, as they are typed. */
export const policyChanged = logKind({
  name: 'policy changed',
  details: Type.Object({
    changes: Type.Array(Type.Object({ key: Type.String(), before: Type.String(), after: Type.String() })),
  }),
  async apply(tx, { details }) {
    const present = policyOnRecord(await tx.policy.read());
    await tx.policy.put(JSON.stringify(changePolicy(present, details.changes)));
  },
});

/** An administrator would change what takes two of them. */
export const policyProposed = logKind({
  name: 'policy proposed',
  details: policyChanged.details,
});

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
