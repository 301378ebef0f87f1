import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RestStore } from '../src/remote/index.ts';
import { LocalStore, type ObjectRef, objectTypes } from '../src/storage/index.ts';
import { refOf } from '../src/storage/object-store.contract.ts';
import { Line } from '../src/transport/index.ts';
import { Prng } from './rig/prng.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const rounds = 3;
const uploadsAtOnce = 8;

async function startServer(directory: string): Promise<{ child: ChildProcess; url: string }> {
  const entry = new URL('./rig/storage-server.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: `http://127.0.0.1:${line.toString().trim()}/me/` };
}

/** Uploads until the server is gone; gives what it acknowledged, and says when that begins. */
async function uploadUntilLost(
  store: RestStore,
  prng: Prng,
  onFirst: () => void,
): Promise<readonly ObjectRef[]> {
  const acknowledged: ObjectRef[] = [];
  const uploadOn = async (): Promise<void> => {
    for (;;) {
      const bytes = prng.bytes(prng.below(3_000_000));
      const ref = refOf('data', bytes);
      await store.write(ref, [bytes], { size: bytes.length });
      acknowledged.push(ref);
      onFirst();
    }
  };
  await Promise.allSettled(Array.from({ length: uploadsAtOnce }, uploadOn));
  return acknowledged;
}

async function assertWhole(store: LocalStore): Promise<void> {
  for (const type of objectTypes) {
    for (const { name } of await store.list(type)) {
      const bytes = await store.read({ type, name });
      assert.equal(createHash('sha256').update(bytes).digest('hex'), name);
    }
  }
}

describe('a server that is killed while it stores', () => {
  const seed = process.env['HOLDFAST_TEST_SEED'] ?? String(randomInt(2 ** 31));
  for (let round = 1; round <= rounds; round++) {
    it(`loses nothing acknowledged and names nothing partial, seed ${seed}, round ${round}`, async (t) => {
      using directory = temporaryDirectory();
      const prng = new Prng(`${seed}/${round}`);
      const { child, url } = await startServer(directory.path);
      const agent = new Agent({ keepAlive: true });
      t.after(() => {
        agent.destroy();
        child.kill('SIGKILL');
      });
      const remote = new RestStore({ url, agent, line: new Line({ backOff: () => undefined }) });
      await remote.create();
      const first = Promise.withResolvers<void>();
      const uploads = uploadUntilLost(remote, prng, first.resolve);
      await first.promise;
      await sleep(prng.below(500));
      child.kill('SIGKILL');
      const acknowledged = await uploads;

      const local = new LocalStore(join(directory.path, 'me'));
      await assertWhole(local);
      for (const ref of acknowledged) assert.ok((await local.stat(ref)) >= 0);
      const left = await readdir(join(local.location, '.uploads')).catch(() => []);
      t.diagnostic(`${acknowledged.length} acknowledged, ${left.length} uploads cut off`);
    });
  }
});
