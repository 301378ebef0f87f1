import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../base/index.ts';
import { emptySha256, encodeForS3, encodeQuery, signRequest } from './sign-request.ts';

/** The examples of "Signature Calculations for the Authorization Header", Amazon S3 API Reference. */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
  sessionToken: undefined,
  from: 'the examples',
};
const signing = { credentials, region: 'us-east-1', nowMs: Date.parse('2013-05-24T00:00:00Z') };
const host = 'https://examplebucket.s3.amazonaws.com';

function signatureOf(
  method: string,
  path: string,
  more: { headers?: Record<string, string>; body?: string } = {},
) {
  const bodySha256 =
    more.body === undefined ? emptySha256 : createHash('sha256').update(more.body).digest('hex');
  const request = { method, url: new URL(host + path), headers: more.headers ?? {}, bodySha256 };
  return /Signature=(\w+)$/.exec(signRequest(request, signing)['authorization'] ?? '')?.[1];
}

describe('a signed request', () => {
  it('has the signatures of the examples that AWS publishes', () => {
    assert.equal(
      signatureOf('GET', '/test.txt', { headers: { range: 'bytes=0-9' } }),
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    assert.equal(
      signatureOf('PUT', `/${encodeForS3('test$file.text')}`, { headers, body: 'Welcome to Amazon S3.' }),
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
    assert.equal(
      signatureOf('GET', `/?${encodeQuery({ lifecycle: '' })}`),
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
    assert.equal(
      signatureOf('GET', `/?${encodeQuery({ prefix: 'J', 'max-keys': '2' })}`),
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });

  it('shows its secrets nowhere but in what is sent', () => {
    const temporary = { ...credentials, sessionToken: new Secret('a-token') };
    const sent = signRequest(
      { method: 'GET', url: new URL(host), headers: {}, bodySha256: emptySha256 },
      { ...signing, credentials: temporary },
    );
    assert.equal(sent['x-amz-security-token'], 'a-token');
    assert.match(sent['authorization'] ?? '', /x-amz-security-token/);
    assert.doesNotMatch(JSON.stringify(sent), /EXAMPLEKEY/);
    assert.doesNotMatch(inspect(temporary, { depth: 9 }) + JSON.stringify(temporary), /EXAMPLEKEY|a-token/);
  });

  it('encodes what S3 wants encoded, and nothing else', () => {
    assert.equal(encodeForS3("a b/(c)!~'*", '/'), 'a%20b/%28c%29%21~%27%2A');
    assert.equal(encodeForS3('a/b'), 'a%2Fb');
  });
});
