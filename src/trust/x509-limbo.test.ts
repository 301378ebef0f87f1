import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { certificatesFromPem, parseAnyCrl, parsePem } from '../pki/index.ts';
import { revocationStatus } from './check-revocation.ts';
import { type ValidPath, validatePath } from './validate-path.ts';
import { verifyServerName } from './verify-server.ts';

/*
 * The published cases of C2SP x509-limbo, one test each, wherever they lie beside the checkout; `validate-path.test.ts`
 * covers the same rules with certificates made on the spot. What stands below `webpki` and `online` is of the public web and
 * judged by its rules, all else by RFC 5280.
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
  readonly crls: readonly string[];
}

/** What is left out, case by case, and why. */
const leftOut: Readonly<Record<string, string>> = {
  'webpki::san::public-suffix-multi-label-wildcard-san':
    'needs the list of public suffixes, which is not ours to keep',
  'webpki::san::public-suffix-wildcard-san': 'the same',
};

const vectors = new URL('../../../shared/vectors/x509-limbo.json', import.meta.url);
const cases = existsSync(vectors)
  ? (JSON.parse(readFileSync(vectors, 'utf8')) as { testcases: LimboCase[] }).testcases
  : [];

test('every case that is left out is one of the set', () => {
  const known = cases.map(({ id }) => id);
  if (known.length > 0) for (const id of Object.keys(leftOut)) assert.ok(known.includes(id), id);
});

for (const limbo of cases.filter(({ id }) => leftOut[id] === undefined)) {
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
    rules: /^(?:webpki|online)::/.test(limbo.id) ? 'public' : 'private',
    purpose: limbo.validation_kind === 'SERVER' ? 'serverAuth' : 'clientAuth',
    ...(limbo.max_chain_depth !== null && { maxDepth: limbo.max_chain_depth }),
  });
  const [leaf] = path;
  assert.ok(leaf);
  if (limbo.expected_peer_name !== null) verifyServerName(leaf, limbo.expected_peer_name.value);
  if (limbo.crls.length > 0) judgeByLists(path, limbo);
}

/** Where there are lists, they have to say that the leaf is good. */
function judgeByLists(path: ValidPath, { crls, validation_time }: LimboCase): void {
  const evidence = { crls: crls.map((pem) => parseAnyCrl(derOf(pem))), certificates: [], answers: [] };
  const at = validation_time === null ? new Date() : new Date(validation_time);
  const status = revocationStatus(path[0], path, evidence, { at });
  if (status.kind === 'revoked') throw status.error;
  if (status.kind === 'unknown') throw new HoldfastError('revocation_unknown', 'not known');
}

function derOf(pem: string): Bytes {
  const [block] = parsePem(pem);
  assert.ok(block);
  return block.der;
}

function fromPem(pem: string): Bytes {
  const [der] = certificatesFromPem(pem);
  assert.ok(der);
  return der;
}
