import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

test('output that cannot be written is a failure without a stack', () => {
  const words = ['--disable-warning=ExperimentalWarning', main, '--help'];
  const lost = spawnSync(process.execPath, words, { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
  assert.equal(lost.status, 1);
  assert.equal(lost.stderr.toString(), '');
});
