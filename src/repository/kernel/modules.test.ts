import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { poly1305Wasm } from './poly1305.ts';
import { rabinWasm } from './rabin.ts';

for (const [name, base64] of [
  ['rabin', rabinWasm],
  ['poly1305', poly1305Wasm],
] as const) {
  test(`the committed module is what ${name}.wat compiles to`, () => {
    assert.equal(base64, compile(fileURLToPath(new URL(`./${name}.wat`, import.meta.url))));
  });
}

/** With wat2wasm of WABT; without it there is no proof, and the test fails. */
function compile(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-wat-'));
  try {
    const output = join(directory, 'out.wasm');
    execFileSync('wat2wasm', ['--enable-threads', source, '-o', output]);
    return readFileSync(output).toString('base64');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
