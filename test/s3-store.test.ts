import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type ErrorCode, ManualClock, Secret, systemClock } from '../src/base/index.ts';
import { readBegunUploads } from '../src/remote/s3/s3-answer.ts';
import { type S3Bucket, S3Client } from '../src/remote/s3/s3-client.ts';
import { S3Store } from '../src/remote/s3/s3-store.ts';
import {
  objectStoreContract,
  refOf,
  rejectsWith,
  sampleBytes,
} from '../src/storage/object-store.contract.ts';
import { lacksS3Server, S3Server, type S3ServerKind, testKey } from './rig/s3-server.ts';

/** The smallest that S3 takes. */
const partBytes = 5 * 1024 ** 2;

/** One server for all tests of a kind; each test has a prefix of its own. */
for (const kind of ['versitygw', 'rclone'] as const satisfies readonly S3ServerKind[]) {
  describe(`at ${kind}`, { skip: lacksS3Server(kind) }, () => {
    let server: S3Server;
    let agent: Agent;
    let prefixes = 0;

    before(async () => {
      server = await S3Server.start(kind);
      agent = new Agent({ keepAlive: true });
    });
    after(async () => {
      agent.destroy();
      await server[Symbol.asyncDispose]();
    });

    const clientOf = (other: Partial<S3Bucket> = {}, clock = systemClock): S3Client => {
      const { accessKeyId, secretAccessKey } = testKey;
      const credentials = {
        accessKeyId,
        secretAccessKey: new Secret(secretAccessKey),
        sessionToken: undefined,
        from: 'the test',
      };
      const endpoint = new URL(server.endpoint);
      const bucket = { endpoint, name: 'backups', region: 'us-east-1', credentials, ...other };
      return new S3Client(bucket, { agent, clock });
    };
    const openAt = (client: S3Client): S3Store =>
      new S3Store({ client, prefix: `a/prefix-${++prefixes}`, clock: systemClock, partBytes });

    objectStoreContract('S3Store', async () => openAt(clientOf()));

    it('stores a large object in parts, and takes it again', async () => {
      const store = openAt(clientOf());
      const bytes = sampleBytes(3 * partBytes + 17);
      const ref = refOf('data', bytes);
      const pieces = [bytes.subarray(0, 100), bytes.subarray(100, 9_000_000), bytes.subarray(9_000_000)];
      for (let i = 0; i < 2; i++) await store.write(ref, pieces, { size: bytes.length });
      assert.equal(Buffer.compare(await store.read(ref), bytes), 0);
      assert.equal((await store.list('data')).length, 1);
    });

    it('leaves nothing behind of a large object that is not what its name says, or is stopped', async () => {
      const client = clientOf();
      const store = openAt(client);
      const bytes = sampleBytes(2 * partBytes + 17);
      const other = refOf('data', sampleBytes(1));
      await rejectsWith(store.write(other, [bytes], { size: bytes.length }), 'object_corrupt');
      const stop = new AbortController();
      const reason = new Error('enough');
      const stopping = (async function* () {
        yield bytes.subarray(0, partBytes + 1);
        stop.abort(reason);
        yield bytes.subarray(partBytes + 1);
      })();
      const options = { size: bytes.length, signal: stop.signal };
      await assert.rejects(store.write(refOf('data', bytes), stopping, options), reason);
      assert.deepEqual(await store.list('data'), []);
      const left = await client.text({ method: 'GET', query: { uploads: '' } }, 'looking', 1_000_000);
      assert.deepEqual(readBegunUploads(left), []);
    });

    it('names what is wrong with bucket, key, region and clock', async () => {
      const { credentials } = clientOf().bucket;
      const far = new ManualClock(Date.now() - 3 * 3600 * 1000);
      const regionWrong: [ErrorCode, S3Client] = ['region_wrong', clientOf({ region: 'eu-west-1' })];
      const wrong: readonly [ErrorCode, S3Client][] = [
        ['bucket_missing', clientOf({ name: 'no-such-bucket' })],
        ['credentials_refused', clientOf({ credentials: { ...credentials, accessKeyId: 'somebody-else' } })],
        [
          'credentials_refused',
          clientOf({ credentials: { ...credentials, secretAccessKey: new Secret('guessed') } }),
        ],
        ['clock_differs', clientOf({}, far)],
        // rclone takes any.
        ...(kind === 'rclone' ? [] : [regionWrong]),
      ];
      for (const [code, client] of wrong) {
        const store = openAt(client);
        await rejectsWith(store.stat({ type: 'config' }), code);
        await rejectsWith(store.create(), code);
      }
    });
  });
}
