import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { ManualClock, minuteMs, silentLog } from '../base/index.ts';
import { StoreMeter } from './store-meter.ts';

test('the size of a store that is not there is not known, and is not nothing', async () => {
  using place = temporaryDirectory();
  const directory = join(place.path, 'store');
  const clock = new ManualClock(new Date('2026-11-21T08:00:00.000Z'));
  const meter = new StoreMeter({ directory, clock, log: silentLog });
  const size = async (): Promise<number | undefined> => {
    await meter.measure();
    // The walk of so little is over.
    await setTimeout(100);
    return (await meter.measure()).find(({ name }) => name === 'holdfast_store_size_bytes')?.value;
  };
  assert.equal(await size(), undefined);
  mkdirSync(directory);
  writeFileSync(join(directory, 'file'), Buffer.alloc(1000));
  assert.equal(await size(), undefined, 'nobody looks again at once');
  clock.advance(10 * minuteMs);
  // What is as new as the walk is counted when it comes, and this did not come by the server.
  assert.notEqual(await size(), undefined);
  await meter.close();
});
