import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { LocalStore, LocalTrash, type ObjectType } from '../src/storage/index.ts';
import { put, sampleBytes } from '../src/storage/object-store.contract.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const mover = join(import.meta.dirname, 'rig/trash-mover.ts');

it('the trash and the repository together have every object once, whenever a process that moves them is killed', async (t) => {
  using place = temporaryDirectory();
  const store = new LocalStore(place.path);
  const all: string[] = [];
  for (const type of ['data', 'snapshots'] as const)
    for (let seed = 0; seed < 40; seed++) {
      const ref = await put(store, type, sampleBytes(50, seed));
      all.push(`${type}/${ref.type === 'config' ? '' : ref.name}`);
    }
  for (let round = 0; round < 5; round++) {
    const running = spawn(process.execPath, [mover, place.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(running.stdout, 'data');
    const afterMs = Math.random() * 20;
    await setTimeout(afterMs);
    running.kill('SIGKILL');
    await once(running, 'exit');
    const resting = await Array.fromAsync(new LocalTrash(place.path).scan());
    t.diagnostic(`killed after ${afterMs.toFixed(1)} ms, ${resting.length} in the trash`);
    const found = resting.map(({ ref }) => `${ref.type}/${ref.name}`);
    for (const type of ['data', 'snapshots'] satisfies ObjectType[])
      found.push(...(await store.list(type)).map(({ name }) => `${type}/${name}`));
    assert.deepEqual(found.toSorted(), all.toSorted());
  }
});
