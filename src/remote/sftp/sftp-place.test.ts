import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { parseSftpPlace } from './sftp-place.ts';

it('a place by SFTP is named as restic does', () => {
  const places: [
    text: string,
    user: string | undefined,
    host: string,
    port: number | undefined,
    path: string,
  ][] = [
    ['sftp:ann@nas:/srv/repo', 'ann', 'nas', undefined, '/srv/repo'],
    ['sftp:nas:repo', undefined, 'nas', undefined, 'repo'],
    ['sftp://ann@nas.lan:2222//srv/repo', 'ann', 'nas.lan', 2222, '/srv/repo'],
    ['sftp://nas/repo', undefined, 'nas', undefined, 'repo'],
    ['sftp://[fe80::1%eth0]:22//srv', undefined, 'fe80::1%eth0', 22, '/srv'],
  ];
  for (const [text, user, host, port, path] of places) {
    const place = parseSftpPlace(text);
    assert.deepEqual([place?.user, place?.host, place?.port, place?.path], [user, host, port, path], text);
  }
  for (const text of ['/srv', 'ann@nas:/srv', 's3:x']) assert.equal(parseSftpPlace(text), undefined, text);
});

it('what ssh could take for an option, or has a password, is refused, which is not shown', () => {
  for (const text of [
    'sftp:-oProxyCommand=x:/srv',
    'sftp:-l@nas:/srv',
    'sftp:ann:secret@nas:/srv',
    'sftp://ann:secret@nas//srv',
    'sftp:nas',
    'sftp:nas:../other',
    'sftp://nas:99999//srv',
    'sftp://nas\n//srv',
  ]) {
    assert.throws(
      () => parseSftpPlace(text),
      (error) => isHoldfastError(error, 'usage') && !`${error.message}${error.hint}`.includes('secret'),
      text,
    );
  }
});
