import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSerialNumber } from '../pki/index.ts';
import { SampleHome } from './authority.fixture.ts';

const program = fileURLToPath(new URL('./issuing.kill.fixture.ts', import.meta.url));

/** Starts the program, kills it when it has printed `atLeast` serial numbers and a random moment later, and gives all. */
async function issueAndKill(home: string, atLeast: number, delayMs: number): Promise<string[]> {
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
  return text.split('\n').slice(0, -1);
}

it('leaves no certificate in the world that the records do not know, killed at any moment', async (t) => {
  await using home = await SampleHome.open();
  const seen: string[] = [];
  await home.reopen(async () => {
    for (let round = 0; round < 3; round++) {
      const delayMs = Math.random() * 20;
      t.diagnostic(`round ${round}: killed after ${delayMs.toFixed(2)} ms more`);
      seen.push(...(await issueAndKill(home.path, 20, delayMs)));
    }
  });
  assert.ok(seen.length >= 60);
  for (const text of seen) {
    const serial = parseSerialNumber(text);
    assert.ok(serial !== undefined && home.authority.isGood(serial), `${text} is not on record`);
  }
  const { sequence } = await home.authority.log.verify();
  const onRecord = await home.authority.certificates.list({ limit: 1_000_000 });
  assert.equal(sequence, 1 + onRecord.length);
});
