import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { HoldfastError } from '../base/index.ts';
import { errorBody, httpStatusOf, loggedUrl } from './refuse.ts';
import { storageErrorAnswer } from './storage-handler.ts';

const failures = [
  new HoldfastError('storage_full', 'no space left to record into database /home/me/authority.db'),
  new HoldfastError('database_damaged', 'database /home/me/authority.db is damaged', { hint: '/home/me' }),
  new Error('ENOENT: /home/me'),
];

describe('what a peer is told of a failure of the server', () => {
  it('is that there is one, and no path', () => {
    for (const error of failures) {
      assert.ok(httpStatusOf(error) >= 500);
      const told = JSON.stringify([errorBody(error, 'peers'), storageErrorAnswer(error)]);
      assert.ok(!told.includes('/home/me'), told);
    }
  });

  it('is all that is known, for an administrator', () => {
    const [full] = failures;
    assert.match(errorBody(full, 'administrators').message, /authority\.db/);
    const refused = Object.assign(new Error('EACCES: permission denied, open x'), {
      code: 'EACCES',
      errno: -13,
    });
    assert.equal(errorBody(refused, 'administrators').code, 'EACCES');
    assert.equal(errorBody(refused, 'peers').code, 'internal');
    assert.equal(errorBody(new Error('a bug'), 'administrators').code, 'internal');
  });

  it('is, of a refusal, what was wrong and what to do', () => {
    const refusal = new HoldfastError('name_taken', 'client/alpha was issued before', { hint: 'reissue' });
    assert.deepEqual(errorBody(refusal, 'peers'), {
      code: 'name_taken',
      message: 'client/alpha was issued before',
      hint: 'reissue',
    });
  });
});

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
