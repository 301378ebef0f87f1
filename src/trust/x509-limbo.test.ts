import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Bytes, isHoldfastError } from '../base/index.ts';
import { certificatesFromPem } from '../pki/index.ts';
import { validatePath } from './validate-path.ts';
import { verifyServerName } from './verify-server-name.ts';

/*
 * The published cases of C2SP x509-limbo, one test each, wherever they lie beside the checkout; `validate-path.test.ts`
 * covers the same rules with certificates made on the spot.
 */
interface LimboCase {
  readonly id: string;
  readonly features: readonly string[];
  readonly validation_kind: 'SERVER' | 'CLIENT';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: { readonly value: string } | null;
  readonly max_chain_depth: number | null;
}

/** What we do not do: revocation lists here, rules of the public web beyond RFC 5280, and its list of suffixes. */
const unsupported = ['has-crl', 'pedantic-webpki-eku', 'pedantic-public-suffix-wildcard'];

const vectors = new URL('../../../shared/vectors/x509-limbo.json', import.meta.url);
const cases = existsSync(vectors)
  ? (JSON.parse(readFileSync(vectors, 'utf8')) as { testcases: LimboCase[] }).testcases
  : [];

for (const limbo of cases.filter(
  ({ features }) => !features.some((feature) => unsupported.includes(feature)),
)) {
  test(`x509-limbo ${limbo.id} is a ${limbo.expected_result}`, () => {
    if (limbo.expected_result === 'SUCCESS') judge(limbo);
    else assert.throws(() => judge(limbo), isHoldfastError);
  });
}

function judge(limbo: LimboCase): void {
  const path = validatePath({
    leaf: fromPem(limbo.peer_certificate),
    intermediates: limbo.untrusted_intermediates.map(fromPem),
    anchors: limbo.trusted_certs.map(fromPem),
    at: limbo.validation_time === null ? new Date() : new Date(limbo.validation_time),
    purpose: limbo.validation_kind === 'SERVER' ? 'serverAuth' : 'clientAuth',
    ...(limbo.max_chain_depth !== null && { maxDepth: limbo.max_chain_depth }),
  });
  const [leaf] = path;
  assert.ok(leaf);
  if (limbo.expected_peer_name !== null) verifyServerName(leaf, limbo.expected_peer_name.value);
}

function fromPem(pem: string): Bytes {
  const [der] = certificatesFromPem(pem);
  assert.ok(der);
  return der;
}
