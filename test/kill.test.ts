import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { killClient, killServer } from './rig/kill-rounds.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const rounds = 3;
const bytes = 40_000_000;

test('a client killed at any moment of a backup leaves a clean repository, and nothing is uploaded twice', async (t) => {
  using directory = temporaryDirectory();
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const report = await killClient({ directory: directory.path, rounds, seed, bytes });
  t.diagnostic(`${report.hits} of ${rounds} kills hit a running backup`);
});

test('a server killed at any moment of a backup loses nothing that it acknowledged', async (t) => {
  using directory = temporaryDirectory();
  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const report = await killServer({ directory: directory.path, rounds, seed, bytes });
  t.diagnostic(`${report.hits} of ${rounds} kills hit a running backup, ${report.acknowledged} acknowledged`);
});
