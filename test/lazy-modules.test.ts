import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { lazyModules } from '../scripts/bundle/lazy-modules.ts';

/** Runs a file of a bundle; gives what it says, and which modules it has loaded before it said that. */
function ran(
  code: string,
  call: string,
): { readonly value: unknown; readonly atOnce: string[]; readonly all: string[] } {
  const all: string[] = [];
  const require = (name: string): unknown => {
    all.push(name);
    return { Socket: Date, text: name, of: { text: () => name } };
  };
  const runtime = { __toESM: (module: unknown) => ({ default: module }) };
  const context = { require, runtime, package_: { require_pack: () => require('pack') } };
  runInNewContext(lazyModules.renderChunk(code), context);
  const atOnce = [...all];
  return { value: runInNewContext(call, context), atOnce, all };
}

test('a module is loaded by the first who uses it, and once', () => {
  const file =
    'let node_net = require("node:net");\nvar said = () => (0, node_net.of.text)() + node_net.text;\n';
  assert.deepEqual(ran(file, 'said() + said()'), {
    value: 'node:net'.repeat(4),
    atOnce: [],
    all: ['node:net'],
  });
});

test('what is made of a class of it is made of that class', () => {
  const file =
    'let node_net = require("node:net");\nvar made = () => new node_net.Socket(1) instanceof node_net.Socket;\n';
  assert.deepEqual(ran(file, 'made()'), { value: true, atOnce: [], all: ['node:net'] });
});

test('what a default import or an older package makes of it is made of it then', () => {
  const file =
    'let node_net = require("node:net");\nnode_net = runtime.__toESM(node_net, 1);\nvar import_pack = package_.require_pack();\nvar said = () => node_net.default.text + import_pack.text;\n';
  assert.deepEqual(ran(file, 'said()'), { value: 'node:netpack', atOnce: [], all: ['node:net', 'pack'] });
});

test('one that is used as a whole is loaded as it was written', () => {
  const file = 'let node_net = require("node:net");\nvar said = () => Object.keys(node_net).length;\n';
  assert.deepEqual(ran(file, 'said()'), { value: 3, atOnce: ['node:net'], all: ['node:net'] });
});
