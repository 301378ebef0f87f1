import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { runHoldfast } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

/** What differs from machine to machine and run to run, so that the rest can be compared word by word. */
function withoutFigures(line: string): string {
  return line
    .replace(/backup\.\S+/, 'NETWORK')
    .replace(/SHA256:[0-9a-f:]+…/, 'FINGERPRINT')
    .replace(/kit written to \S+/, 'kit written to KIT')
    .replace(/https:\/\/\S+/, 'URL')
    .replace(/(enrolled {3})\S+/, '$1NAME')
    .replace(/snapshot [0-9a-f]{8}/, 'snapshot ID')
    .replace(/next in \d+ days/, 'next in N days')
    .replace(/[\d,]+ files?/, 'N files')
    .replace(/[\d.]+ (B|kB|MB|GB) → [\d.]+ (B|kB|MB|GB)/, 'BYTES → BYTES')
    .replace(/[\d.]+ s(?= )/, 'N s');
}

test('the transcript that opens the README is what the program prints', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, transcript = ''] = /```\n\$ npm ci && npm start -- ~\/Documents\n([^]*?)```/.exec(readme) ?? [];
  using place = temporaryDirectory();
  const documents = join(place.path, 'Documents');
  await mkdir(documents);
  for (const name of ['a.txt', 'b.txt']) await writeFile(join(documents, name), name);
  const home = join(place.path, 'home');
  const port = String(await freePorts());
  const { stdout, code } = await runHoldfast(['up', '--once', '--home', home, '--port', port, documents]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split('\n').map(withoutFigures), transcript.split('\n').map(withoutFigures));
});
