import { context, type DerReader, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';

/** Stands for every policy (RFC 5280 §4.2.1.4). */
export const anyPolicy: ObjectIdentifier = '2.5.29.32.0';

const knownQualifiers: readonly ObjectIdentifier[] = ['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2'];
registerOids([anyPolicy, ...knownQualifiers]);

/** Under which policies a certificate was issued (RFC 5280 §4.2.1.4). */
export interface CertificatePolicies {
  readonly policies: ReadonlySet<ObjectIdentifier>;
  /** Whether a policy is qualified in a way that is not known here: what is critical is then not understood. */
  readonly hasUnknownQualifier: boolean;
}

/** Which policy of the subject's stands for which of the issuer's (RFC 5280 §4.2.1.5). */
export interface PolicyMapping {
  readonly issuerPolicy: ObjectIdentifier;
  readonly subjectPolicy: ObjectIdentifier;
}

/** After how many further certificates a policy has to be named, and none may be mapped any more (RFC 5280 §4.2.1.11). */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number;
  readonly inhibitPolicyMapping?: number;
}

/** Reads certificatePolicies; a policy that is there twice is malformed, and so is a foreign qualifier of anyPolicy. */
export function readCertificatePolicies(reader: DerReader): CertificatePolicies {
  const policies = new Set<ObjectIdentifier>();
  let hasUnknownQualifier = false;
  reader.list(tag.sequence, () =>
    reader.inside(tag.sequence, () => {
      const policy = reader.oid();
      if (policies.has(policy)) throw reader.problem(`policy ${policy} is there twice`);
      policies.add(policy);
      const isForeign = !reader.done && readQualifiers(reader).some((oid) => !knownQualifiers.includes(oid));
      if (isForeign && policy === anyPolicy) throw reader.problem('qualifier of any policy is not known');
      hasUnknownQualifier ||= isForeign;
    }),
  );
  return { policies, hasUnknownQualifier };
}

function readQualifiers(reader: DerReader): ObjectIdentifier[] {
  return reader.list(tag.sequence, () =>
    reader.inside(tag.sequence, () => {
      const oid = reader.oid();
      reader.element();
      return oid;
    }),
  );
}

/** Reads policyMappings, at least one. */
export function readPolicyMappings(reader: DerReader): PolicyMapping[] {
  return reader.list(tag.sequence, () =>
    reader.inside(tag.sequence, () => ({ issuerPolicy: reader.oid(), subjectPolicy: reader.oid() })),
  );
}

/** Reads policyConstraints, which have to say one of the two. */
export function readPolicyConstraints(reader: DerReader): PolicyConstraints {
  return reader.inside(tag.sequence, () => {
    if (reader.done) throw reader.problem('policy constraints are empty');
    const explicit = reader.is(context(0)) ? { requireExplicitPolicy: reader.smallInteger(context(0)) } : {};
    if (reader.done) return explicit;
    return { ...explicit, inhibitPolicyMapping: reader.smallInteger(context(1)) };
  });
}
