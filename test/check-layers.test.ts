import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkLayers } from '../scripts/check-layers.ts';

const faces = { 'src/base/index.ts': '', 'src/pki/index.ts': '', 'src/storage/index.ts': '' };

/** What the check says of a tree of these files, beside faces for base, pki and storage. */
function violationsIn(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'layers-'));
  const manifest = {
    dependencies: { koffi: '1', pino: '1' },
    devDependencies: { typescript: '1', typebox: '1' },
  };
  try {
    for (const [path, text] of Object.entries({
      ...faces,
      'package.json': JSON.stringify(manifest),
      ...files,
    })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkLayers(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('a tree that keeps to the layers has no violations', () => {
  assert.deepEqual(
    violationsIn({
      'src/pki/der.ts':
        "import { readFile } from 'node:fs/promises';\nimport {\n  a,\n} from '../base/index.ts';\n",
      'src/pki/bundled.ts': "import 'typebox';\n",
      'src/storage/inner/deep.ts': "import '../../base/index.ts';\nimport '../worker.ts';\n",
      'src/pki/der.test.ts': "import 'node:http';\nimport 'typescript';\nimport '../../test/rig/x.ts';\n",
      'test/rig/x.ts': '',
      'src/storage/store.contract.ts': "import '../base/index.ts';\n",
      'src/storage/worker.ts': '',
      'src/storage/start.ts': "new Worker(workerEntry(import.meta.url, './worker'));\n",
      'src/remote/index.ts': '',
      'src/remote/store.test.ts': "import '../storage/store.contract.ts';\n",
    }),
    [],
  );
});

/** An authority with two rooms, a file above them, and a face that somebody looks at. */
const rooms = {
  'src/authority/index.ts':
    "export { a } from './records/index.ts';\nexport { whole } from './authority.ts';\n",
  'src/authority/authority.ts': "import { a } from './records/index.ts';\nexport const whole = a;\n",
  'src/authority/records/index.ts': "export { a } from './a.ts';\n",
  'src/authority/records/a.ts': 'export const a = 1;\nexport const b = 2;\n',
  'src/authority/opening/index.ts': '',
  'src/authority/opening/open.ts':
    "import { whole } from '../authority.ts';\nimport { type a as A } from '../records/index.ts';\n",
  'test/a.test.ts':
    "import { type a } from '../src/authority/index.ts';\nconst { whole: x } = await import('../src/authority/index.ts');\n",
};

test('rooms that keep to their table have no violations, and tests look into any', () => {
  const inside = { 'src/authority/opening/open.test.ts': "import { b } from '../records/a.ts';\n" };
  assert.deepEqual(violationsIn({ ...rooms, ...inside }), []);
});

const violating: readonly [string, Record<string, string>, string][] = [
  [
    'a statement beside the records',
    {
      'src/authority/index.ts': '',
      'src/authority/records/index.ts': '',
      'src/authority/records/a.ts': "export const sql = 'SELECT 1';\n",
      'src/authority/b.test.ts': "export const sql = 'SELECT 1';\n",
      'src/authority/c.ts':
        '\nexport const sql = `\n  UPDATE log`;\nexport const other = "DELETE FROM log";\n',
    },
    'src/authority/c.ts:4: these words belong in src/authority/records/: what decides is given records, and never a statement',
  ],
  [
    'a folder that the row does not list',
    { 'src/pki/a.ts': "\nimport { x } from '../storage/index.ts';\n" },
    'src/pki/a.ts:2: pki may not import storage',
  ],
  [
    'a type from a folder that the row does not list',
    { 'src/pki/a.ts': "import type { X } from '../storage/index.ts';\n" },
    'src/pki/a.ts:1: pki may not import storage',
  ],
  [
    'a re-export from a folder that the row does not list',
    { 'src/pki/a.ts': "export { x } from '../storage/index.ts';\n" },
    'src/pki/a.ts:1: pki may not import storage',
  ],
  [
    'a dynamic import of a folder that the row does not list',
    { 'src/pki/a.ts': "const x = await import('../storage/index.ts');\n" },
    'src/pki/a.ts:1: pki may not import storage',
  ],
  [
    'the inside of another folder',
    { 'src/pki/a.ts': "import '../base/bytes.ts';\n", 'src/base/bytes.ts': '' },
    'src/pki/a.ts:1: imports src/base/bytes.ts instead of base/index.ts',
  ],
  [
    'the command line',
    { 'src/pki/a.ts': "import '../cli/main.ts';\n", 'src/cli/main.ts': '' },
    'src/pki/a.ts:1: pki may not import cli',
  ],
  [
    'a relative import without its extension',
    { 'src/pki/a.ts': "import './b';\n", 'src/pki/b.ts': '' },
    'src/pki/a.ts:1: imports ./b without .ts',
  ],
  [
    'a file that does not exist',
    { 'src/pki/a.ts': "import './b.ts';\n" },
    'src/pki/a.ts:1: imports ./b.ts, which does not exist',
  ],
  [
    'a worker entry that does not exist',
    { 'src/pki/a.ts': "workerEntry(import.meta.url, './b');\n" },
    'src/pki/a.ts:1: imports ./b.ts, which does not exist',
  ],
  [
    'a computed import',
    { 'src/pki/a.ts': "import './b.ts'; await import(name);\n", 'src/pki/b.ts': '' },
    'src/pki/a.ts:1: imports something computed, which no check can follow',
  ],
  [
    'a package that is no dependency',
    { 'src/pki/a.ts': "import x from '@scope/name/deep';\n" },
    'src/pki/a.ts:1: imports @scope/name, which is no dependency',
  ],
  [
    'a development dependency in the product',
    { 'src/pki/a.ts': "import x from 'typescript';\n" },
    'src/pki/a.ts:1: imports typescript, which is no dependency',
  ],
  [
    'a builtin module without its prefix',
    { 'src/pki/a.ts': "import x from 'fs/promises';\n" },
    'src/pki/a.ts:1: imports fs/promises without node:',
  ],
  [
    'a module kept to another folder',
    { 'src/storage/a.ts': "import koffi from 'koffi';\n" },
    'src/storage/a.ts:1: storage may not import koffi: foreign function calls stay in three places',
  ],
  [
    'the network in the backup engine',
    { 'src/repository/index.ts': "import tls from 'node:tls';\n" },
    'src/repository/index.ts:1: repository may not import node:tls: ' +
      'the authority and the backup engine can be read and tested without a network',
  ],
  [
    'test rigs in the product',
    { 'src/pki/a.ts': "import '../../test/x.ts';\n", 'test/x.ts': '' },
    'src/pki/a.ts:1: imports test/x.ts from outside src',
  ],
  [
    'an export of everything',
    { 'src/pki/a.ts': "export * from '../base/index.ts';\n" },
    'src/pki/a.ts:1: exports everything of a module instead of a list of names',
  ],
  [
    'a cycle',
    {
      'src/pki/a.ts': "import './b.ts';\n",
      'src/pki/b.ts': "import './c.ts';\n",
      'src/pki/c.ts': "import './a.ts';\n",
    },
    'src/pki/a.ts: imports itself by way of src/pki/b.ts → src/pki/c.ts → src/pki/a.ts',
  ],
  [
    'a room that the row does not list',
    { ...rooms, 'src/authority/records/c.ts': "import '../opening/index.ts';\n" },
    'src/authority/records/c.ts:1: records may not import opening',
  ],
  [
    'what stands above a room',
    { ...rooms, 'src/authority/records/c.ts': "import type { X } from '../authority.ts';\n" },
    'src/authority/records/c.ts:1: records may not import authority',
  ],
  [
    'the inside of another room',
    { ...rooms, 'src/authority/opening/c.ts': "import { b } from '../records/a.ts';\n" },
    'src/authority/opening/c.ts:1: imports src/authority/records/a.ts instead of authority/records/index.ts',
  ],
  [
    'the inside of a room, shown by the folder',
    { ...rooms, 'src/authority/index.ts': "export { a } from './records/a.ts';\n" },
    'src/authority/index.ts:1: imports src/authority/records/a.ts instead of authority/records/index.ts',
  ],
  [
    'a room without a row',
    { ...rooms, 'src/authority/other/index.ts': '' },
    'src/authority/other: the table of rooms has no row for it',
  ],
  ['a room without a face', { ...rooms, 'src/authority/log/a.ts': '' }, 'src/authority/log: has no index.ts'],
  [
    'a name that is shown to nobody',
    {
      'src/pki/index.ts': "export { a, type B } from './a.ts';\n",
      'src/pki/a.ts': '',
      'src/pki/a.test.ts': "import { a } from './index.ts';\n",
      'src/trust/index.ts': "import type { B } from '../pki/index.ts';\n",
    },
    'src/pki/index.ts:1: shows a, which nobody imports',
  ],
  ['a folder without a face', { 'src/trust/a.ts': '' }, 'src/trust: has no index.ts'],
  [
    'a folder without a row',
    { 'src/helpers/index.ts': '' },
    'src/helpers: the table of layers has no row for it',
  ],
  ['a file outside every folder', { 'src/a.ts': '' }, 'src: code stands outside every folder'],
];

for (const [what, files, violation] of violating) {
  test(`${what} is a violation, named with its file`, () => {
    assert.deepEqual(violationsIn(files), [violation]);
  });
}

test('imports named in comments and strings count for nothing', () => {
  const source = `/* import('../storage/index.ts') */\n// import('fs')\nconst glob = 'src/**/x';\nconst text = \`\n  import(\${x})\`;\n`;
  assert.deepEqual(violationsIn({ 'src/pki/a.ts': source }), []);
});
