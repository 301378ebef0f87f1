import { HoldfastError } from '../../base/index.ts';
import { formatGeneralName, formatSubtree, type NameConstraints, parseCertificate } from '../../pki/index.ts';
import { forbiddenName } from '../../trust/index.ts';
import { type CaCertificate, permittingNames, replaceIssuing, rootKey } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import type { CrlSigning } from '../revocation/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';

/** Which names are to be certified from now on. */
export interface PermitOrder {
  /** Domains and address ranges; empty when any may be. */
  readonly names: readonly string[];
  readonly by: string;
}

/**
 * Makes an issuing certificate that may certify these names only; the root signs it. What was issued before stays valid.
 *
 * @throws HoldfastError `root_offline`; `name_not_permitted` when a server or a storage node has a name that would be
 *   outside, since it could not be renewed; `name_invalid`, `clock_wrong`, `authority_*`
 */
export async function permitNames(context: CrlSigning, order: PermitOrder): Promise<CaCertificate> {
  const { names, by } = order;
  checkStanding(context);
  checkClock(context);
  await rootKey(context, 'another issuing certificate');
  const constraints = names.length === 0 ? undefined : permittingNames(names);
  if (constraints !== undefined) await checkMachines(context, constraints);
  const details = {
    permitted: constraints?.permitted.map(formatSubtree) ?? [],
    excluded: constraints?.excluded.map(formatSubtree) ?? [],
  };
  await replaceIssuing(context, constraints, async (tx, { label }) => {
    await context.log.decide(tx, kinds.nameConstraintsChanged, { by, details: { label, ...details } });
  });
  return context.issuer.issuing;
}

/**
 * Looks at the newest certificate of each machine that others call by its names.
 * @throws HoldfastError `name_not_permitted` when one has a name that would be outside
 */
export async function checkMachines(
  { records, clock }: CrlSigning,
  constraints: NameConstraints,
): Promise<void> {
  const rows = await records.certificates.newestOfRoles(['server', 'storage'], clock.now());
  for (const { role, name, certificate } of rows) {
    const forbidden = forbiddenName(parseCertificate(certificate).extensions.subjectAltNames, constraints);
    if (forbidden === undefined) continue;
    throw new HoldfastError(
      'name_not_permitted',
      `${role}/${name} has the name ${formatGeneralName(forbidden)}, which would be outside`,
      { hint: 'permit that too, or give the machine other names first' },
    );
  }
}
