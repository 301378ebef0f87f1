import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { type TrustAnchor, trustAnchor } from './root-list.ts';

const StoredAnchors = Type.Array(
  Type.Object(
    {
      speaksFor: Type.Union([
        Type.Object(
          { kind: Type.Literal('server'), names: Type.Array(Type.String(), { minItems: 1 }) },
          { additionalProperties: false },
        ),
        Type.Object(
          { kind: Type.Literal('address'), address: Type.String(), accepted: Type.String() },
          { additionalProperties: false },
        ),
      ]),
      certificate: Type.String(),
    },
    { additionalProperties: false },
  ),
);

/**
 * What was added on one machine to whom it believes, as a keystore holds it: JSON, certificates as base64 of their DER. The
 * keystore is what keeps it from being altered.
 */
export function encodeLocalTrust(anchors: readonly TrustAnchor[]): Bytes {
  const stored = anchors.map(({ speaksFor, certificate }) => ({
    speaksFor,
    certificate: asBuffer(certificate).toString('base64'),
  }));
  return Buffer.from(JSON.stringify(stored));
}

/** What {@link encodeLocalTrust} wrote. @throws HoldfastError `trust_bundle_damaged` for anything else */
export function decodeLocalTrust(bytes: Bytes): readonly TrustAnchor[] {
  try {
    const stored: unknown = JSON.parse(asBuffer(bytes).toString());
    if (Check(StoredAnchors, stored)) return stored.map(parseAnchor);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isHoldfastError(error)) throw error;
  }
  throw new HoldfastError('trust_bundle_damaged', 'what was added on this machine cannot be read');
}

function parseAnchor({ speaksFor, certificate }: Static<typeof StoredAnchors>[number]): TrustAnchor {
  const der = Uint8Array.from(Buffer.from(certificate, 'base64'));
  parseCertificate(der);
  return trustAnchor(der, speaksFor);
}
