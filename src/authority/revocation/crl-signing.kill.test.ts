import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseCrl } from '../../pki/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const program = fileURLToPath(new URL('./crl-signing.kill.fixture.ts', import.meta.url));

/** Starts the program, kills it when it has published `atLeast` lists and a random moment later, and gives their numbers. */
async function signAndKill(home: string, atLeast: number, delayMs: number): Promise<number[]> {
  const child = spawn(process.execPath, [program, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let text = '';
  let dying = false;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (dying || text.split('\n').length <= atLeast) continue;
    dying = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await ended;
  // A line without its end was cut by the kill.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => Number.parseInt(line, 10));
}

it('never gives two lists the same number, killed at any moment of signing one', async (t) => {
  await using home = await SampleHome.open();
  const numbers: number[] = [];
  await home.reopen(async () => {
    for (let round = 0; round < 5; round++) {
      const delayMs = Math.random() * 20;
      t.diagnostic(`round ${round}: killed after ${delayMs.toFixed(2)} ms more`);
      numbers.push(...(await signAndKill(home.path, 5, delayMs)));
    }
    home.clock.advance(Date.now() - home.clock.now());
  });
  assert.ok(numbers.length >= 25);
  const { authority } = home;
  // Otherwise the list that was published last may still be the newest.
  const { serial } = (await home.local('client', 'beta')).certificate;
  await authority.revocation.revoke({ kind: 'certificate', serial }, { reason: 'superseded', by: 'test' });
  const { der, number } = await authority.revocation.currentCrl();
  numbers.push(number);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  assert.equal(parseCrl(der).number, BigInt(number));
  const revoked = await authority.certificates.list({ limit: 100_000 });
  const expected = revoked.filter(({ state }) => state === 'revoked').map(({ serial }) => serial);
  assert.deepEqual(new Set(parseCrl(der).revoked.keys()), new Set(expected));
});
