import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { findZlint } from '../../scripts/zlint.ts';
import {
  createCertificate,
  createName,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
} from '../../src/pki/index.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { type VariedCertificate, variedCertificates } from './varied-certificates.ts';

const run = promisify(execFile);
const count = 10_000;
const batchSize = 500;

/** What zlint says is wrong by RFC 5280 and RFC 5480, one line for each finding. */
async function zlint(certificates: readonly VariedCertificate[]): Promise<string[]> {
  const program = findZlint();
  assert.ok(program !== undefined, 'zlint is not there: npm run test:interop fetches it');
  using directory = temporaryDirectory();
  const names = certificates.map((_, index) => `${index}.der`);
  for (const [index, { der }] of certificates.entries()) {
    await writeFile(join(directory.path, `${index}.der`), der);
  }
  const options = ['-format', 'der', '-includeSources', 'RFC5280,RFC5480', ...names];
  const { stdout } = await run(program, options, { cwd: directory.path, maxBuffer: 2 ** 28 });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, certificates.length, 'one line for each certificate');
  return lines.flatMap((line, index) =>
    findings(line).map((found) => `${certificates[index]?.what}: ${found}`),
  );
}

type Results = Readonly<Record<string, { readonly result: string; readonly details?: string }>>;

function findings(line: string): string[] {
  const results = Object.entries(JSON.parse(line) as Results);
  assert.ok(results.length > 100, 'the rules of RFC 5280 were applied');
  return results
    .filter(([, { result }]) => result === 'error' || result === 'fatal')
    .map(([rule, { details = '' }]) => `${rule} ${details}`.trim());
}

test(`zlint finds no error in ${count} varied certificates`, async (t) => {
  const startedAt = performance.now();
  const certificates = await variedCertificates(count, 'zlint');
  const madeAt = performance.now();
  const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, index) =>
    certificates.slice(index * batchSize, (index + 1) * batchSize),
  );
  const found: string[] = [];
  for (const batch of batches) found.push(...(await zlint(batch)));
  const seconds = [madeAt - startedAt, performance.now() - madeAt].map((ms) => (ms / 1000).toFixed(1));
  t.diagnostic(`${certificates.length} certificates made in ${seconds[0]} s, judged in ${seconds[1]} s`);
  assert.equal(certificates.length, count);
  assert.deepEqual(summary(found), []);
});

/** Each rule with how often it was broken and the first certificate that did. */
function summary(found: readonly string[]): string[] {
  const byRule = Map.groupBy(found, (line) => /: ([ew]_\w+)/.exec(line)?.[1] ?? line);
  return [...byRule].map(([rule, lines]) => `${rule}, ${lines.length} times: ${lines[0]}`);
}

test('zlint finds what is wrong in a certificate that was not linted', async () => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const der = createCertificate(
    {
      serial: generateSerialNumber(Date.now()),
      issuer: createName({ CN: 'issuing' }),
      subject: createName({ CN: 'a'.repeat(65) }),
      notBefore: new Date(),
      notAfter: new Date(Date.now() + 60_000),
      spki: exportPublicKey(publicKey),
      extensions: { basicConstraints: { ca: true }, keyUsage: ['digitalSignature'] },
    },
    privateKey,
  );
  const rules = summary(await zlint([{ what: 'bad', der }])).map((line) => line.split(',')[0]);
  for (const rule of ['e_subject_common_name_max_length', 'e_ext_authority_key_identifier_no_key_identifier'])
    assert.ok(rules.includes(rule), rules.join(', '));
});
