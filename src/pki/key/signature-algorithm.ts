import { type DerReader, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';
import { readPssScheme, type SignatureScheme } from './signature-scheme.ts';

/** The algorithm of a signature as a certificate or request names it. */
export interface SignatureAlgorithm {
  readonly oid: ObjectIdentifier;
  /** For people: `ecdsa-with-SHA256`, `sha1WithRSAEncryption`, or the identifier when it is not known here. */
  readonly name: string;
  /** Undefined when signatures of this kind are not accepted: SHA-1, MD5, or unknown. */
  readonly scheme?: SignatureScheme;
}

/** The algorithms whose parameters are fixed: absent, or NULL for RSA (RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3). */
export const signatureOids = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha384: '1.2.840.10045.4.3.3',
  ecdsaSha512: '1.2.840.10045.4.3.4',
  rsaSha256: '1.2.840.113549.1.1.11',
  rsaSha384: '1.2.840.113549.1.1.12',
  rsaSha512: '1.2.840.113549.1.1.13',
  rsaPss: '1.2.840.113549.1.1.10',
  ed25519: '1.3.101.112',
} as const satisfies Record<string, ObjectIdentifier>;

/**
 * Reads the AlgorithmIdentifier of a signature; one that is unknown or too weak comes without a scheme. Parameters have to be
 * as their RFC says in what we sign and rely on; in a request, `as-written`, NULL may stand where nothing should.
 */
export function readSignatureAlgorithm(
  reader: DerReader,
  parameters: 'strict' | 'as-written' = 'strict',
): SignatureAlgorithm {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid === signatureOids.rsaPss) return { oid, name: 'RSASSA-PSS', ...readPssScheme(reader) };
    const known = algorithms.get(oid);
    if (known === undefined) {
      if (!reader.done) reader.element();
      return { oid, name: oid };
    }
    const mayBeNull = known.parameters === 'null' || parameters === 'as-written';
    if (mayBeNull && !reader.done) reader.null();
    return { oid, ...known.algorithm };
  });
}

type Known = { readonly parameters: 'absent' | 'null'; readonly algorithm: Omit<SignatureAlgorithm, 'oid'> };

const algorithms = new Map<ObjectIdentifier, Known>([
  [signatureOids.ecdsaSha256, known('absent', 'ecdsa-with-SHA256', { kind: 'ecdsa', hash: 'sha256' })],
  [signatureOids.ecdsaSha384, known('absent', 'ecdsa-with-SHA384', { kind: 'ecdsa', hash: 'sha384' })],
  [signatureOids.ecdsaSha512, known('absent', 'ecdsa-with-SHA512', { kind: 'ecdsa', hash: 'sha512' })],
  [signatureOids.rsaSha256, known('null', 'sha256WithRSAEncryption', { kind: 'rsa', hash: 'sha256' })],
  [signatureOids.rsaSha384, known('null', 'sha384WithRSAEncryption', { kind: 'rsa', hash: 'sha384' })],
  [signatureOids.rsaSha512, known('null', 'sha512WithRSAEncryption', { kind: 'rsa', hash: 'sha512' })],
  [signatureOids.ed25519, known('absent', 'Ed25519', { kind: 'ed25519' })],
  // Known by name only, so that a refusal can say what was found.
  ['1.2.840.10045.4.1', known('absent', 'ecdsa-with-SHA1')],
  ['1.2.840.113549.1.1.4', known('null', 'md5WithRSAEncryption')],
  ['1.2.840.113549.1.1.5', known('null', 'sha1WithRSAEncryption')],
]);

registerOids([...algorithms.keys(), signatureOids.rsaPss]);

function known(parameters: Known['parameters'], name: string, scheme?: SignatureScheme): Known {
  return { parameters, algorithm: scheme === undefined ? { name } : { name, scheme } };
}
