import type { KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError, versionPattern } from '../base/index.ts';
import { keyKind, networkUri, publicKeyOf } from '../pki/index.ts';
import { type TrustBundle, type ValidPath, verifyReleaseSigner } from '../trust/index.ts';
import { acceptedJson, type ExchangeRequest, exchange } from './exchange.ts';
import { isSignedText, signText } from './signed-text.ts';

/** Where a server offers its newest release, and each file of it. */
export const releasePaths = {
  manifest: '/-/releases',
  file: (version: string, name: string): string => `/-/releases/${version}/${name}`,
} as const;

/** More than any package has. */
export const maxReleaseFileBytes: number = 1024 ** 3;
const maxFiles = 32;

/** How a file is installed: by dpkg, by rpm, or by npm. */
export const ReleaseKind = Type.Enum(['deb', 'rpm', 'tgz']);
export type ReleaseKind = Static<typeof ReleaseKind>;

/** One file of a release. */
export const ReleaseFile = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$' }),
    kind: ReleaseKind,
    platform: Type.Enum(['linux', 'any']),
    /** By Node's name for it. */
    architecture: Type.Enum(['x64', 'arm64', 'any']),
    bytes: Type.Integer({ minimum: 1, maximum: maxReleaseFileBytes }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);
export type ReleaseFile = Static<typeof ReleaseFile>;

/** The files of one. */
export const releaseFilesSchema = Type.Array(ReleaseFile, { maxItems: maxFiles });

/**
 * What a network offers its machines to run: one version, and the files that it comes as. Without a version nothing is
 * offered any more.
 */
export const ReleaseManifest = Type.Object(
  {
    format: Type.Literal(1),
    network: Type.String(),
    /** Higher in each that is signed. */
    sequence: Type.Integer({ minimum: 1 }),
    version: Type.Union([Type.String({ pattern: versionPattern }), Type.Null()]),
    /** When it was signed, ISO 8601. */
    at: Type.String({ maxLength: 40 }),
    files: releaseFilesSchema,
  },
  { additionalProperties: false },
);
export type ReleaseManifest = Static<typeof ReleaseManifest>;

const Certificate = Type.String({ minLength: 4, maxLength: 16 * 1024, pattern: '^[A-Za-z0-9+/]+={0,2}$' });

/** The exact text of a manifest, its signature in base64, and the certificate of who signed it with those above it. */
export const SignedRelease = Type.Object(
  {
    manifest: Type.String({ maxLength: 32 * 1024 }),
    signature: Type.String({ maxLength: 1024 }),
    /** DER in base64: the leaf first. */
    chain: Type.Array(Certificate, { minItems: 1, maxItems: 8 }),
  },
  { additionalProperties: false },
);
export type SignedRelease = Static<typeof SignedRelease>;

/** All of it as JSON. */
const maxReleaseBytes: number = 256 * 1024;

/** Goes before what is signed, so that nothing else that is ever signed can be taken for a release. */
const domain = 'holdfast release v1';

/** The name in the certificate of who signs the releases of a network: it is no machine's, and no machine's is it. */
export function releaseUri(network: string): string {
  return `${networkUri(network)}/release`;
}

/** Signs a manifest with an Ed25519 key. */
export function signRelease(
  manifest: ReleaseManifest,
  { key, chain }: { readonly key: KeyObject; readonly chain: readonly Bytes[] },
): SignedRelease {
  const text = JSON.stringify(manifest);
  return {
    manifest: text,
    signature: signText(domain, text, key),
    chain: chain.map((der) => asBuffer(der).toString('base64')),
  };
}

/** A manifest that was verified, and by whose certificates: the one that signed it first, the root last. */
export interface VerifiedRelease {
  readonly manifest: ReleaseManifest;
  readonly path: ValidPath;
}

/** What a release is verified by. */
interface ReleaseRules {
  readonly bundle: TrustBundle;
  readonly at: Date;
}

/**
 * Verifies a release: the certificates first, up to a root of the bundle that speaks for the network, then the signature
 * over the exact text, then the text. Whether the certificate was revoked is for the caller to ask, but for what the roots say.
 * @throws HoldfastError `update_not_trusted`, `update_altered`
 */
export function verifyRelease(signed: SignedRelease, { bundle, at }: ReleaseRules): VerifiedRelease {
  const path = pathOf(signed, { bundle, at });
  const [leaf] = path;
  if (keyKind(leaf.spki) !== 'ed25519')
    throw notTrusted(`its certificate has a key of the kind ${keyKind(leaf.spki)}, expected ed25519`);
  const { manifest: text, signature } = signed;
  if (!isSignedText(domain, { text, signature, key: publicKeyOf(leaf) }))
    throw altered('its signature is not of its text');
  const manifest = claimedManifest(signed);
  if (manifest === undefined) throw altered('what was signed is no manifest that this version knows');
  if (manifest.network !== bundle.network)
    throw notTrusted(`it is of the network ${manifest.network}, expected ${bundle.network}`);
  return { manifest, path };
}

function pathOf({ chain }: SignedRelease, { bundle, at }: ReleaseRules): ValidPath {
  try {
    const ders = chain.map((text) => Buffer.from(text, 'base64'));
    return verifyReleaseSigner({ chain: ders, bundle, at, uri: releaseUri(bundle.network) });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw notTrusted(error.message, error);
  }
}

/** What a manifest says, whoever signed it; undefined when it is none. */
export function claimedManifest({ manifest }: Pick<SignedRelease, 'manifest'>): ReleaseManifest | undefined {
  const value = parseJson(manifest);
  return Check(ReleaseManifest, value) ? value : undefined;
}

/**
 * Fetches what the server at an address offers, over whatever line: it is believed for its signature alone, which is not looked
 * at here. Undefined where nothing was ever offered, or the server is older than releases.
 * @throws HoldfastError `update_altered`, and as `exchange` does
 */
export async function fetchRelease(
  address: string,
  options: Pick<ExchangeRequest, 'signal' | 'line'>,
): Promise<SignedRelease | undefined> {
  const url = `${address}${releasePaths.manifest}`;
  const connection = { agent: false } as const;
  try {
    const answer = await exchange({ url, connection, maxBytes: maxReleaseBytes, ...options });
    const value = acceptedJson(answer, new URL(address).host);
    if (Check(SignedRelease, value)) return value;
  } catch (error) {
    if (isHoldfastError(error, 'object_not_found', 'operation_unknown')) return undefined;
    if (!isHoldfastError(error, 'answer_malformed')) throw error;
  }
  throw altered('what came is no signed manifest');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** That somebody signed a release who may not. */
export function notTrusted(problem: string, cause?: HoldfastError): HoldfastError {
  return new HoldfastError(
    'update_not_trusted',
    `the manifest of the release is not to be believed: ${problem}`,
    {
      cause,
    },
  );
}

function altered(problem: string): HoldfastError {
  return new HoldfastError(
    'update_altered',
    `the manifest of the release was altered on its way: ${problem}`,
  );
}
