import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint, parseFingerprint } from '../index.ts';

const empty =
  'SHA256:e3:b0:c4:42:98:fc:1c:14:9a:fb:f4:c8:99:6f:b9:24:27:ae:41:e4:64:9b:93:4c:a4:95:99:1b:78:52:b8:55';

test('a fingerprint is the SHA-256 in lowercase pairs', () => {
  assert.equal(fingerprint(new Uint8Array()), empty);
});

test('a fingerprint is understood as people type it', () => {
  const bare = empty.slice('SHA256:'.length);
  for (const text of [empty, bare, bare.toUpperCase(), bare.replaceAll(':', ''), ` sha256:${bare}\n`]) {
    assert.equal(parseFingerprint(text), empty, text);
  }
});

test('what is no fingerprint is told from what is', () => {
  const bare = empty.slice('SHA256:'.length);
  for (const text of [
    '',
    'SHA256:',
    bare.slice(0, -1),
    `${bare}:00`,
    bare.replace('e3', 'g3'),
    `SHA1:${bare}`,
  ]) {
    assert.equal(parseFingerprint(text), undefined, text);
  }
});
