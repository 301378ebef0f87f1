import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { certificatesFromPem, fingerprint } from '../pki/index.ts';
import { isPublicRoot } from './public-roots.ts';

test('a root of the public web is told from one that was made here', async () => {
  const [known] = certificatesFromPem(rootCertificates.at(-1) ?? '');
  assert.ok(known);
  assert.equal(isPublicRoot(fingerprint(known)), true);
  assert.equal(isPublicRoot(fingerprint((await sampleCertificate({})).der)), false);
});
