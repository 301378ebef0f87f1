import {
  context,
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  registerOids,
  tag,
} from '../der/index.ts';

/** What a key may be used for, in the order of the bits (RFC 5280 §4.2.1.3). */
const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof keyUsages)[number];

/** Reads KeyUsage; bits beyond the ninth have no meaning and are left out. */
export function readKeyUsage(reader: DerReader): KeyUsage[] {
  const { bytes } = reader.bitString();
  return keyUsages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** Writes KeyUsage as a named bit list: no zero bits at its end (X.690 §11.2.2). */
export function writeKeyUsage(writer: DerWriter, usages: readonly KeyUsage[]): void {
  const bits = usages.map((usage) => keyUsages.indexOf(usage));
  const last = Math.max(...bits);
  const bytes = new Uint8Array(1 + (last >> 3));
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  writer.bitString(bytes, 7 - (last & 7));
}

const purposeOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(purposeOids));

/** A purpose by its name in RFC 5280 §4.2.1.12, or by its identifier when it has none there. */
export type ExtendedKeyUsage = keyof typeof purposeOids | ObjectIdentifier;

const purposeNames = new Map<ObjectIdentifier, ExtendedKeyUsage>(
  Object.entries(purposeOids).map(([name, oid]) => [oid, name as keyof typeof purposeOids]),
);

/** Reads ExtendedKeyUsage, at least one purpose. */
export function readExtendedKeyUsage(reader: DerReader): ExtendedKeyUsage[] {
  return reader.list(tag.sequence, () => {
    const oid = reader.oid();
    return purposeNames.get(oid) ?? oid;
  });
}

export function writeExtendedKeyUsage(writer: DerWriter, usages: readonly ExtendedKeyUsage[]): void {
  writer.inside(tag.sequence, () => {
    for (const usage of usages) writer.oid(isNamed(usage) ? purposeOids[usage] : usage);
  });
}

function isNamed(usage: ExtendedKeyUsage): usage is keyof typeof purposeOids {
  return Object.hasOwn(purposeOids, usage);
}

/** Whether a certificate may issue others, and how many further authorities may lie below it (RFC 5280 §4.2.1.9). */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

/** Reads BasicConstraints. `cA FALSE`, which DER leaves out, is taken where it is written: many issuers do. */
export function readBasicConstraints(reader: DerReader): BasicConstraints {
  return reader.inside(tag.sequence, () => {
    const ca = reader.is(tag.boolean) && reader.boolean();
    if (reader.done) return { ca };
    return { ca, pathLength: reader.smallInteger() };
  });
}

/** Writes BasicConstraints; a path length is for authorities alone, else a `TypeError`. */
export function writeBasicConstraints(writer: DerWriter, { ca, pathLength }: BasicConstraints): void {
  if (!ca && pathLength !== undefined) throw new TypeError('a path length without cA');
  writer.inside(tag.sequence, () => {
    if (ca) writer.boolean(true);
    if (pathLength !== undefined) writer.smallInteger(pathLength);
  });
}

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
