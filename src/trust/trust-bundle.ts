import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError, systemErrorCode } from '../base/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { writeSharedFile } from './private-file.ts';
import {
  type RootList,
  type TrustAnchor,
  trustAnchor,
  withDigestLine,
  withoutDigestLine,
} from './root-list.ts';

/** The roots a node of `network` trusts. */
export interface TrustBundle {
  readonly network: string;
  readonly anchors: readonly TrustAnchor[];
  /** What these roots are known to have revoked; kept in a file of its own, and never sent with the bundle. */
  readonly rootLists?: readonly RootList[];
}

const formatVersion = 1;

const StoredBundle = Type.Object(
  {
    version: Type.Literal(formatVersion),
    network: Type.String({ minLength: 1 }),
    anchors: Type.Array(
      Type.Object(
        {
          fingerprint: Type.String(),
          speaksFor: Type.Union([
            Type.Object(
              { kind: Type.Literal('network'), network: Type.String() },
              { additionalProperties: false },
            ),
            Type.Object(
              { kind: Type.Literal('server'), names: Type.Array(Type.String()) },
              { additionalProperties: false },
            ),
          ]),
          certificate: Type.String(),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
type StoredBundle = Static<typeof StoredBundle>;

/** A bundle that trusts one root, for its network. */
export function singleRootBundle(network: string, root: Bytes): TrustBundle {
  return { network, anchors: [trustAnchor(root, { kind: 'network', network })] };
}

/**
 * Reads a bundle: JSON after a line with its SHA-256, certificates as base64 of their DER, each with its fingerprint.
 *
 * @throws HoldfastError `trust_bundle_missing`, `trust_bundle_damaged`
 */
export async function loadTrustBundle(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<TrustBundle> {
  try {
    const text = withoutDigestLine(await readFile(path, { encoding: 'utf8', ...options }), '{');
    if (text === undefined) throw damaged('it is not what its first line, a SHA-256, is of');
    return parseTrustBundle(text);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new HoldfastError('trust_bundle_missing', `${path}: there is no trust bundle`, { cause: error });
    }
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError('trust_bundle_damaged', `${path}: ${error.message}`, {
      hint: 'put the file back from a backup, or join again with a reissue code',
      cause: error,
    });
  }
}

/** Writes a bundle, at once and durably. */
export async function saveTrustBundle(path: string, bundle: TrustBundle): Promise<void> {
  await writeSharedFile(path, withDigestLine(`${formatTrustBundle(bundle)}\n`));
}

/** The text of a bundle. */
export function formatTrustBundle({ network, anchors }: TrustBundle): string {
  const stored = {
    version: formatVersion,
    network,
    anchors: anchors.map(({ certificate, fingerprint, speaksFor }) => ({
      fingerprint,
      speaksFor,
      certificate: asBuffer(certificate).toString('base64'),
    })),
  };
  return JSON.stringify(stored, null, 2);
}

/**
 * The bundle in a text that {@link formatTrustBundle} wrote.
 *
 * @throws HoldfastError `trust_bundle_damaged`, also when a fingerprint is not that of its certificate
 */
export function parseTrustBundle(text: string): TrustBundle {
  const stored = parseJson(text);
  if (!Check(StoredBundle, stored)) throw damaged(`expected a trust bundle of version ${formatVersion}`);
  return { network: stored.network, anchors: stored.anchors.map(parseAnchor) };
}

function parseAnchor({ certificate, fingerprint, speaksFor }: StoredBundle['anchors'][number]): TrustAnchor {
  const anchor = trustAnchor(Uint8Array.from(Buffer.from(certificate, 'base64')), speaksFor);
  if (anchor.fingerprint !== fingerprint) {
    throw damaged(`a certificate has the fingerprint ${anchor.fingerprint}, expected ${fingerprint}`);
  }
  parseCertificate(anchor.certificate);
  return anchor;
}

function damaged(problem: string): HoldfastError {
  return new HoldfastError('trust_bundle_damaged', problem);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

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
    if (Check(StoredAnchors, stored)) return stored.map(decodeAnchor);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isHoldfastError(error)) throw error;
  }
  throw new HoldfastError('trust_bundle_damaged', 'what was added on this machine cannot be read');
}

function decodeAnchor({ speaksFor, certificate }: Static<typeof StoredAnchors>[number]): TrustAnchor {
  const der = Uint8Array.from(Buffer.from(certificate, 'base64'));
  parseCertificate(der);
  return trustAnchor(der, speaksFor);
}
