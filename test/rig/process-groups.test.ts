import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from './holdfast-process.ts';
import { inProcessGroups } from './process-groups.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const files = globSync(['src/**/*.test.ts', 'test/rig/*.test.ts']);

function filesOf(path: string): string[] {
  if (files.includes(path)) return [path];
  return [...readFileSync(path, 'utf8').matchAll(/^import '(.*)';$/gm)].map(([, url = '']) =>
    fileURLToPath(url).slice(process.cwd().length + 1),
  );
}

it('every test file is in one group, those of a folder together, and one with hooks for all its tests alone', () => {
  using place = temporaryDirectory();
  const groups = inProcessGroups(files, join(place.path, 'groups')).map(filesOf);
  assert.deepEqual(groups.flat().toSorted(), files.toSorted());
  assert.ok(groups.length < files.length / 2, `${groups.length} groups of ${files.length} files`);
  for (const group of groups)
    assert.equal(new Set(group.map((file) => file.split('/')[1])).size, 1, group.join());
  for (const alone of ['src/files/walk.test.ts', 'test/rig/process-groups.test.ts'])
    assert.ok(groups.some((group) => group.length === 1 && group[0] === alone));
});

const passing = "import { it } from 'node:test';\nit('passes', () => {});\n";

for (const [what, second, code] of [
  ['passes when all tests of its files do', passing, 0],
  ['fails when a test of one of its files does', passing.replace('{}', "{ throw new Error('no') }"), 1],
  ['fails when one of its files cannot be loaded', "import './nowhere.ts';\n", 1],
] as const) {
  it(`a group ${what}`, async () => {
    using place = temporaryDirectory();
    mkdirSync(join(place.path, 'src/a'), { recursive: true });
    const names = ['src/a/first.test.ts', 'src/a/second.test.ts'];
    for (const [at, text] of [passing, second].entries())
      writeFileSync(join(place.path, names[at] ?? ''), text);
    const grouping = `const { inProcessGroups } = await import(${JSON.stringify(import.meta.resolve('./process-groups.ts'))});
      console.log(inProcessGroups(${JSON.stringify(names)}, 'groups').join());`;
    const options = { cwd: place.path, env: { NODE_TEST_CONTEXT: undefined } };
    const { stdout } = await runProgram(process.execPath, ['--input-type=module', '-e', grouping], options);
    assert.equal(stdout, 'groups/src-a-1.test.ts\n');
    await runProgram(process.execPath, [stdout.trim()], { ...options, expected: code });
  });
}
