import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { apiReference } from '../scripts/reference/api-reference.ts';
import { clientReference } from '../scripts/reference/client-reference.ts';
import { commandReference } from '../scripts/reference/command-reference.ts';
import { errorReference } from '../scripts/reference/error-reference.ts';
import { jsonReference, pathsOf } from '../scripts/reference/json-reference.ts';
import { policyReference } from '../scripts/reference/policy-reference.ts';
import { requestReference } from '../scripts/reference/request-reference.ts';
import { settingsReference } from '../scripts/reference/settings-reference.ts';
import { answers } from '../src/cli/answers.ts';
import { createFullProgram } from '../src/cli/program/create-program.ts';

const root = new URL('../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

test('the reference of the commands is what the program prints', async () => {
  assert.equal(await read('docs/reference/commands.md'), await commandReference(), 'run npm run reference');
});

test('the reference of the API is what the routes and operations say', async () => {
  assert.equal(await read('docs/reference/api.md'), apiReference(), 'run npm run reference');
});

test('the reference of the answers in JSON is what the commands say they print', async () => {
  assert.equal(await read('docs/reference/json.md'), await jsonReference(), 'run npm run reference');
});

test('what a command prints with --json is said of each command, and of nothing else', async () => {
  const { commands } = await createFullProgram();
  assert.deepEqual(Object.keys(answers).toSorted(), commands.flatMap((each) => pathsOf(each)).toSorted());
});

test('of every field of an answer that may be missing it is said when it is there', () => {
  const shapes = Object.entries(answers).flatMap(([path, shape]) =>
    shape === undefined ? [] : [{ path, shape }],
  );
  const without = shapes.flatMap(({ path, shape }) => unsaid('each' in shape ? shape.each : shape, path));
  assert.deepEqual(without, []);
});

/** Fields that may be missing, of which it is not said when. */
function unsaid(schema: TSchema, at: string): string[] {
  const {
    properties = {},
    required = [],
    items,
    anyOf = [],
  } = schema as {
    readonly properties?: Readonly<Record<string, TSchema & { readonly when?: string }>>;
    readonly required?: readonly string[];
    readonly items?: TSchema;
    readonly anyOf?: readonly TSchema[];
  };
  return [
    ...Object.entries(properties).flatMap(([key, field]) => [
      ...(required.includes(key) || field.when !== undefined ? [] : [`${at}.${key}`]),
      ...unsaid(field, `${at}.${key}`),
    ]),
    ...(items === undefined ? [] : unsaid(items, `${at}[]`)),
    ...anyOf.flatMap((each) => unsaid(each, at)),
  ];
}

test('the reference of the settings has every key', async () => {
  assert.equal(await read('docs/reference/settings.md'), settingsReference(), 'run npm run reference');
});

test('the reference of the requests is what they are judged by', async () => {
  assert.equal(await read('docs/reference/requests.md'), requestReference(), 'run npm run reference');
});

test('the reference of how a machine dials has every key, with its meaning', async () => {
  assert.equal(await read('docs/reference/client.md'), clientReference(), 'run npm run reference');
});

test('the reference of the policy has every key, with its meaning', async () => {
  assert.equal(await read('docs/reference/policy.md'), policyReference(), 'run npm run reference');
});

test('the reference of the errors has every code', async () => {
  assert.equal(await read('docs/reference/errors.md'), errorReference(), 'run npm run reference');
});

test('the README is short, and names both commands', async () => {
  const readme = await read('README.md');
  assert.ok(readme.split('\n').length < 120);
  assert.match(readme, /npm ci && npm start -- /);
  assert.match(readme, /npm ci && npm test/);
});

test('the page of the library holds its example, and names every call and every option of one', async () => {
  const page = await read('docs/api.md');
  assert.ok(page.includes(`\`\`\`ts\n${await read('docs/examples/backup.ts')}\`\`\``));
  const contract = await read('src/api/contract.ts');
  const calls = [...contract.matchAll(/^ {2}(\w+)\(.*\): (?:Promise|AsyncIterable)</gm)].map(
    ([, name = '']) => name,
  );
  const options = [...contract.matchAll(/^ {2}readonly (\w+)\?: /gm)].map(([, name = '']) => name);
  assert.equal(calls.length, 6);
  for (const call of calls) assert.ok(page.includes(`client.${call}(`), call);
  for (const option of options) assert.match(page, new RegExp(`\\b${option}\\b`), option);
});

test('the architecture names files that are there', async () => {
  const text = await read('docs/architecture.md');
  const named = [...text.matchAll(/`([a-z-]+\/[a-z/-]+\.ts)`/g)].map(([, path = '']) => path);
  assert.ok(named.length > 50);
  for (const path of named) await read(path.startsWith('scripts/') ? path : `src/${path}`);
});

test('the reference of RFC 5280 names files, and tests of those names, that are there, or says why there is none', async () => {
  const text = await read('docs/reference/rfc5280.md');
  const rows = [
    ...text.matchAll(
      /^\| (?<section>[\d][^|]*) \| (?<rule>[^|]+) \| (?<where>[^|]+) \| (?<shown>[^|]+) \|$/gm,
    ),
  ];
  assert.ok(rows.length > 40);
  for (const { groups: { section = '', where = '', shown = '' } = {} } of rows) {
    const files = [...where.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    for (const path of files) await read(`src/${path}`);
    if (files.length === 0) assert.match(shown, /^(?:not|nothing)/, `${section}: ${shown}`);
    else await readTests(section, shown);
  }
});

/** Each is `file`, or `file`: title. */
async function readTests(section: string, shown: string): Promise<void> {
  const tests = [...shown.matchAll(/`([^`]+\.test\.ts)`(?:: (.*?))?(?=, `|$)/g)];
  assert.ok(tests.length > 0, `${section}: ${shown}`);
  for (const [, path = '', title = ''] of tests) {
    const source = await read(path.startsWith('test/') ? path : `src/${path}`);
    assert.ok(source.includes(title.replaceAll("'", "\\'")) || source.includes(title), `${path}: ${title}`);
  }
}
