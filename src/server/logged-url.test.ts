import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loggedUrl } from './logged-url.ts';

const handle = 'kc6oyanxphzzmhwx6x4kt67chq';

test('the handle of a request and what stands in a query are not logged', () => {
  for (const url of [
    `/-/enrol/requests/${handle}`,
    `/-/certsrv/requests/${handle}/certificate.pem`,
    `/-/enrol/requests?code=${handle}`,
  ]) {
    assert.equal(loggedUrl(url).includes(handle), false, url);
  }
  assert.equal(
    loggedUrl('/-/certsrv/requests/x/certificate.pem'),
    '/-/certsrv/requests/[redacted]/certificate.pem',
  );
  assert.equal(loggedUrl('/alpha/data/00ff'), '/alpha/data/00ff');
});
