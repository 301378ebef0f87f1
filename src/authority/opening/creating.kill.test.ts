import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../base/index.ts';
import { notInFile, SampleHome } from '../authority.fixture.ts';
import { hasAuthority } from './build-authority.ts';
import { createAuthority } from './create-authority.ts';
import { openAuthority } from './open-authority.ts';

const program = fileURLToPath(new URL('./creating.kill.fixture.ts', import.meta.url));

/** Starts the program and kills it `delayMs` after it has said that it begins, or that it is done. */
async function createAndKill(home: string, after: 'begin' | 'done', delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [program, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let said = '';
  let dying = false;
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (dying || !said.includes(after)) continue;
    dying = true;
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await ended;
}

it('leaves no authority or a whole one with its kit, killed at any moment of its creation', {
  skip: notInFile,
}, async (t) => {
  const rounds = [
    ['begin', 40],
    ['begin', 80],
    ['begin', 160],
    ['done', 0],
  ] as const;
  for (const [after, upTo] of rounds) {
    await using home = await SampleHome.empty();
    const delayMs = Math.random() * upTo;
    await createAndKill(home.path, after, delayMs);
    const exists = await hasAuthority(home.path);
    t.diagnostic(`killed ${delayMs.toFixed(2)} ms after ${after}: ${exists ? 'a whole authority' : 'none'}`);
    const authority = exists
      ? await openAuthority({ home: home.path, clock: systemClock })
      : await createAuthority({ ...home.options(), clock: systemClock });
    await authority.log.verify();
    const kit = exists ? await readFile(join(home.path, 'kit'), 'utf8') : home.kit?.reveal();
    assert.ok(kit?.includes(authority.root.fingerprint));
    await authority.close();
    await rm(join(home.path, 'kit'), { force: true });
  }
});
