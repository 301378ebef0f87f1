import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { parseS3Place } from './s3-place.ts';

it('a place at S3 is named as restic does, and by its bucket alone as everybody else does', () => {
  const places: [text: string, host: string | undefined, bucket: string, prefix: string][] = [
    ['s3:https://s3.example.com/bucket/some/prefix', 'https://s3.example.com', 'bucket', 'some/prefix'],
    ['s3:http://127.0.0.1:9000/bucket/', 'http://127.0.0.1:9000', 'bucket', ''],
    [
      's3:s3.eu-central-1.amazonaws.com/my.bucket/x',
      'https://s3.eu-central-1.amazonaws.com',
      'my.bucket',
      'x',
    ],
    ['S3:HTTPS://S3.example.com:8443/bucket', 'https://s3.example.com:8443', 'bucket', ''],
    ['s3://bucket/some/prefix', undefined, 'bucket', 'some/prefix'],
  ];
  for (const [text, host, bucket, prefix] of places) {
    const place = parseS3Place(text);
    assert.deepEqual([place?.endpoint?.origin, place?.bucket, place?.prefix], [host, bucket, prefix], text);
  }
  for (const text of ['/srv/s3', 'https://s3.example.com/bucket', 's3', './s3:x']) {
    assert.equal(parseS3Place(text), undefined, text);
  }
});

it('what names no bucket, or could be read in two ways, is refused, and no secret in it is shown', () => {
  for (const text of [
    's3:x',
    's3:https://s3.example.com',
    's3:https://s3.example.com/b',
    's3:https://key:secret@s3.example.com/bucket',
    's3:https://key:sec/ret@s3.example.com/bucket',
    's3:https://s3.example.com/bucket/../other',
    's3:https://s3.example.com/bucket//x',
    's3:https://s3.example.com/bucket/x?versionId=1',
    's3:ftp://s3.example.com/bucket',
    's3://s3.example.com/bucket',
    's3://minio:9000/bucket',
    's3://key:secret@bucket/x',
  ]) {
    assert.throws(
      () => parseS3Place(text),
      (error) => {
        assert.ok(isHoldfastError(error, 'usage'), text);
        assert.doesNotMatch(`${error.message}${error.hint}`, /secret|sec\/ret/);
        return true;
      },
    );
  }
});
