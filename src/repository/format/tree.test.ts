import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { asBuffer, isHoldfastError } from '../../base/index.ts';
import { idOf } from './blob.ts';
import { encodeTree, parseTree } from './tree.ts';
import { encodeNode, permissionsOf, type TreeNode, toGoMode } from './tree-node.ts';

const id = idOf(Buffer.from('x'));

function makeNode(name: string | Uint8Array, part: Partial<TreeNode> = {}): TreeNode {
  const [mtimeNs, ctimeNs] = [1795248869421205277n, 1795248869000000000n];
  const times = { mtimeNs, atimeNs: mtimeNs, ctimeNs };
  const numbers = { mode: 0o644, uid: 0, gid: 0, inode: 7n, deviceId: 0n, device: 0n, size: 0, links: 1 };
  return { name: Buffer.from(name), type: 'file', ...times, ...numbers, content: [], ...part };
}

/** One node of each type with everything that a node can have. */
function allTypes(): TreeNode[] {
  const bare = (name: string, part: Partial<TreeNode>): TreeNode => {
    const { content: _, ...node } = makeNode(name, part);
    return node;
  };
  return [
    bare('chardev', { type: 'chardev', mode: toGoMode('chardev', 0o600), device: 2n ** 40n + 1n }),
    bare('dev', { type: 'dev', mode: toGoMode('dev', 0o600), device: 259n }),
    bare('dir', { type: 'dir', mode: toGoMode('dir', 0o1777), links: 0, subtree: id }),
    makeNode('empty'),
    bare('fifo', { type: 'fifo', mode: toGoMode('fifo', 0o644), links: 0 }),
    makeNode('file', {
      size: 10,
      content: [id, id],
      user: 'a<b',
      group: 'ä',
      xattrs: [{ name: 'user.x', value: Buffer.from([0, 255]) }],
    }),
    makeNode('large', { inode: 2n ** 64n - 1n, deviceId: 2n ** 63n + 1n, error: 'it changed' }),
    bare('link', { type: 'symlink', mode: toGoMode('symlink', 0o777), linkTarget: Buffer.from('../ä "b"') }),
    bare('rawlink', {
      type: 'symlink',
      mode: toGoMode('symlink', 0o777),
      linkTarget: Buffer.from([0x61, 0xff]),
    }),
    bare('socket', { type: 'socket', mode: toGoMode('socket', 0o755), links: 0 }),
  ];
}

test('a node of every type survives, with 64-bit numbers, raw link targets and attributes', () => {
  const encoded = encodeTree(allTypes().map(encodeNode));
  const tree = parseTree(encoded, id);
  assert.deepEqual(tree.problems, []);
  assert.deepEqual(Buffer.from(encodeTree(tree.nodes.map(encodeNode))), Buffer.from(encoded));
  const find = (name: string) => tree.nodes.find((node) => asBuffer(node.name).toString() === name);
  assert.equal(find('large')?.inode, 2n ** 64n - 1n);
  assert.deepEqual([...(find('rawlink')?.linkTarget ?? [])], [0x61, 0xff]);
  assert.deepEqual(
    find('file')?.xattrs?.map(({ name, value }) => [name, ...value]),
    [['user.x', 0, 255]],
  );
});

test('keys come in the order of restic, and those that are zero are left out', () => {
  const text = asBuffer(encodeTree(allTypes().slice(2, 4).map(encodeNode))).toString();
  assert.equal(
    text.replaceAll(/"\d{4}-[^"]+"/g, 'T'),
    `{"nodes":[{"name":"dir","type":"dir","mode":2148532735,"mtime":T,"atime":T,"ctime":T,"uid":0,"gid":0,"inode":7,"content":null,"subtree":"${id}"},` +
      `{"name":"empty","type":"file","mode":420,"mtime":T,"atime":T,"ctime":T,"uid":0,"gid":0,"inode":7,"links":1,"content":[]}]}\n`,
  );
});

test('an empty directory has its own text', () => {
  assert.equal(asBuffer(encodeTree([])).toString(), '{"nodes":[]}\n');
});

test('unknown keys are passed over and gaps count as zero', () => {
  const text = `{"before":[{}],"nodes":[{"name":"a","type":"file","content":[],"new":{"x":1},"mtime":"never"}],"after":1}`;
  const [node] = parseTree(Buffer.from(text), id).nodes;
  assert.equal(node?.mtimeNs, 0n);
  assert.equal(node?.uid, 0);
});

const unusable: readonly unknown[] = [
  null,
  [],
  { name: 'a' },
  { name: 5, type: 'file', content: [] },
  { name: 'a\\q', type: 'file', content: [] },
  { name: 'a', type: 'irregular' },
  { name: 'a', type: 'constructor' },
  { name: 'a', type: 'file', content: null },
  { name: 'a', type: 'file', content: ['x'] },
  { name: 'a', type: 'dir', content: null },
  { name: 'a', type: 'dir', subtree: 'x' },
  ...['', '.', '..', 'a/b', '/', '\\x2f', '\\x00', '..\\x2fb'].map((name) => ({
    name,
    type: 'file',
    content: [],
  })),
];

test('a node that cannot be used, or would lead out of its directory, is left out and named', () => {
  for (const node of unusable) {
    const good = { name: 'zz', type: 'file', content: [] };
    const tree = parseTree(Buffer.from(JSON.stringify({ nodes: [node, good] })), id);
    assert.equal(tree.nodes.length, 1, JSON.stringify(node));
    assert.equal(tree.problems.length, 1, JSON.stringify(node));
  }
});

test('names that come twice are used once, and those out of order are used and named', () => {
  const nodes = ['b', 'a', 'b', 'c', 'a'].map((name) => ({ name, type: 'file', content: [] }));
  const tree = parseTree(Buffer.from(JSON.stringify({ nodes })), id);
  assert.deepEqual(
    tree.nodes.map((node) => asBuffer(node.name).toString()),
    ['b', 'a', 'c'],
  );
  assert.deepEqual(tree.problems, [
    'the name "a" is out of order',
    'the name "b" is there twice',
    'the name "a" is there twice',
  ]);
});

test('any bytes as a tree give nodes or an error that names it', () => {
  const encoded = encodeTree(allTypes().map(encodeNode));
  for (let round = 0; round < 3000; round++) {
    const changed = Uint8Array.from(
      encoded.subarray(0, round % 3 === 0 ? randomInt(encoded.length) : encoded.length),
    );
    for (let i = randomInt(4); i >= 0; i--) changed[randomInt(changed.length + 1)] = randomInt(256);
    try {
      assert.ok(parseTree(changed, id).nodes.length <= 11);
    } catch (error) {
      assert.ok(isHoldfastError(error, 'repository_damaged') && error.message.includes(id));
    }
  }
  const deep = Buffer.from('['.repeat(200_000));
  assert.throws(
    () => parseTree(deep, id),
    (error) => isHoldfastError(error, 'repository_damaged'),
  );
});

test('a directory of two hundred thousand entries is encoded and read', () => {
  const nodes = Array.from({ length: 200_000 }, (_, i) => makeNode(String(i).padStart(6, '0')));
  assert.equal(parseTree(encodeTree(nodes.map(encodeNode)), id).nodes.length, 200_000);
});

test("modes are Go's, and go back to those of POSIX", () => {
  assert.equal(toGoMode('dir', 0o755), 2147484141);
  assert.equal(toGoMode('symlink', 0o777), 134218239);
  assert.equal(toGoMode('file', 0o4755), 8389101);
  assert.equal(toGoMode('fifo', 0o644), 33554852);
  assert.equal(toGoMode('dir', 0o1777), 2148532735);
  for (const permissions of [0, 0o7777, 0o4000, 0o2755, 0o1644]) {
    for (const type of ['file', 'dir', 'chardev'] as const) {
      assert.equal(permissionsOf(toGoMode(type, permissions)), permissions);
    }
  }
});
