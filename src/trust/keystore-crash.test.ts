import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { asBuffer } from '../base/index.ts';
import { Keystore } from './keystore.ts';

/** Writes two secrets that belong together, counting up, and says so after each time. */
const writer = `
  import { Secret } from ${JSON.stringify(new URL('../base/index.ts', import.meta.url).href)};
  import { Keystore } from ${JSON.stringify(new URL('./keystore.ts', import.meta.url).href)};
  const [directory, first] = process.argv.slice(1);
  const keystore = (await Keystore.exists(directory))
    ? await Keystore.open(directory)
    : await Keystore.create(directory);
  for (let round = Number(first); ; round++) {
    const secret = new Secret(Buffer.from(String(round)));
    await keystore.update((entries) => {
      entries.putSecret('left', secret);
      entries.putSecret('right', secret);
    });
    process.stdout.write(round + '\\n');
  }`;

/** Runs the writer, counting from `first`, and kills it; gives the last number that it reported as written. */
async function writeUntilKilled(directory: string, first: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, directory, String(first)]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await once(child, 'close');
  return Number(said.trimEnd().split('\n').at(-1));
}

test('kill -9 at any moment leaves a keystore whose last write is there whole', async (context) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'node');
  for (const first of [1_000, 2_000, 3_000, 4_000]) {
    const afterMs = randomInt(0, 60);
    context.diagnostic(`killed ${afterMs} ms after the first write`);
    const written = await writeUntilKilled(path, first, afterMs);
    const keystore = await Keystore.open(path);
    const read = (label: string) => Number(asBuffer(keystore.secret(label).reveal()).toString());
    assert.equal(read('left'), read('right'));
    assert.ok(read('left') >= written, `${read('left')} was found, ${written} had been acknowledged`);
  }
});

/** Puts fifty secrets, one after the other, each under a label of its own. */
const adder = `
  import { Secret } from ${JSON.stringify(new URL('../base/index.ts', import.meta.url).href)};
  import { Keystore } from ${JSON.stringify(new URL('./keystore.ts', import.meta.url).href)};
  const [directory, name] = process.argv.slice(1);
  const keystore = await Keystore.open(directory);
  for (let round = 0; round < 50; round++) {
    await keystore.update((entries) => entries.putSecret(name + round, new Secret(Buffer.from(name))));
  }`;

test('what several processes change at once all arrives', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'node');
  await Keystore.create(path);
  const adders = ['a', 'b', 'c'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', adder, path, name], { stdio: 'inherit' }),
  );
  await Promise.all(adders.map((child) => once(child, 'close')));
  assert.equal((await Keystore.open(path)).labels().length, 150);
});
