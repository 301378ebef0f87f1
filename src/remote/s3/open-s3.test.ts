import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { runProgram } from '../../../test/rig/holdfast-process.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { isHoldfastError, systemClock } from '../../base/index.ts';
import { rejectsWith } from '../../storage/object-store.contract.ts';
import { Line } from '../../transport/index.ts';
import { openObjectPlace, parseObjectPlace } from '../object-place.ts';

const key = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
const line = new Line({ backOff: () => undefined });

const open = async (text: string, environment: Record<string, string> = {}) =>
  await openObjectPlace(parseObjectPlace(text) ?? assert.fail(), {
    environment: { HOME: '/nonexistent', ...key, ...environment },
    clock: systemClock,
    line,
  });

it('a service is believed by the roots of the system, or by those of the file that is named', async () => {
  using directory = temporaryDirectory();
  const at = (name: string): string => join(directory.path, name);
  const names = ['-subj', '/CN=nas', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...names];
  await runProgram('openssl', [...made, '-keyout', at('nas.key'), '-out', at('nas.pem')], {});
  const tls = { key: readFileSync(at('nas.key')), cert: readFileSync(at('nas.pem')) };
  const server = createServer(tls, (_, response) =>
    response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const text = `s3:https://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`;
  try {
    using stranger = await open(text);
    await rejectsWith(stranger.store.list('index'), 'certificate_unknown_authority');
    using known = await open(text, { AWS_CA_BUNDLE: at('nas.pem') });
    assert.deepEqual(await known.store.list('index'), []);
    await assert.rejects(open(text, { AWS_CA_BUNDLE: at('none.pem') }), (error) =>
      isHoldfastError(error, 'path_not_found'),
    );
    writeFileSync(at('config'), `[default]\nendpoint_url = ${text.slice(3, -'/bucket'.length)}\n`);
    using settled = await open('s3://bucket', { AWS_CONFIG_FILE: at('config') });
    assert.equal(settled.store.location, text);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it('without TLS only this machine is spoken to, and a host that is named', async () => {
  await assert.rejects(open('s3:http://nas.lan:9000/bucket'), (error) =>
    isHoldfastError(error, 'tls_required'),
  );
  using named = await open('s3:http://nas.lan:9000/bucket', { HOLDFAST_PLAIN_S3: 'other:1,nas.lan:9000' });
  using local = await open('s3:http://[::1]:9000/bucket/x');
  assert.deepEqual(
    [named.store.location, local.store.location, local.route],
    ['s3:http://nas.lan:9000/bucket', 's3:http://[::1]:9000/bucket/x', 'over plain HTTP to S3 at [::1]:9000'],
  );
});

it('at AWS the region says where a bucket is', async () => {
  using first = await open('s3://bucket/x');
  using other = await open('s3://bucket/x', { AWS_REGION: 'eu-west-1' });
  assert.deepEqual(
    [first.store.location, other.store.location],
    ['s3:https://s3.us-east-1.amazonaws.com/bucket/x', 's3:https://s3.eu-west-1.amazonaws.com/bucket/x'],
  );
});
