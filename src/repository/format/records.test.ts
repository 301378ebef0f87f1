import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, isHoldfastError, Secret, toHex } from '../../base/index.ts';
import { encodeLock, parseLock } from '../lock-files.ts';
import { idOf } from './blob.ts';
import { encodeConfig, newConfig, parseConfig } from './config.ts';
import { createKeyFile, openKeyFile, parseKeyFile } from './key-file.ts';
import { encodeSnapshot, parseSnapshot, snapshotTime } from './snapshot.ts';
import { encodeMasterKey, generateMasterKey, parseMasterKey } from './unit.ts';

const id = idOf(Buffer.from('x'));
const isDamage = (error: unknown): boolean => isHoldfastError(error, 'repository_damaged');
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('a snapshot survives with its summary, and its keys come in the order of restic', () => {
  const counts = {
    filesNew: 1,
    filesChanged: 2,
    filesUnmodified: 3,
    dirsNew: 4,
    dirsChanged: 5,
    dirsUnmodified: 6,
  };
  const sizes = { dataBlobs: 7, treeBlobs: 8, dataAdded: 9, dataAddedPacked: 10 };
  const totals = { totalFilesProcessed: 11, totalBytesProcessed: 12 };
  const snapshot = {
    timeNs: 1795248869421205277n,
    parent: id,
    tree: id,
    paths: ['/a<b', '/ä'],
    hostname: 'h',
    username: 'u',
    uid: 1,
    gid: 2,
    excludes: ['*.tmp'],
    tags: ['t'],
    original: id,
    programVersion: 'holdfast 1',
    summary: { backupStartNs: 1n, backupEndNs: 2n, ...counts, ...sizes, ...totals },
  };
  const encoded = encodeSnapshot(snapshot);
  assert.deepEqual(parseSnapshot(encoded, 'snapshot'), { ...snapshot, zoneMinutes: 0 });
  const keys = Object.keys(JSON.parse(asBuffer(encoded).toString()) as object);
  const expected =
    'time parent tree paths hostname username uid gid excludes tags original program_version summary';
  assert.deepEqual(keys, expected.split(' '));
  assert.equal(snapshotTime(snapshot).toISOString(), '2026-11-21T08:14:29.421Z');
});

test('what is empty is left out of a snapshot, and root is nobody in particular', () => {
  const encoded = encodeSnapshot({ timeNs: 0n, tree: id, paths: [], uid: 0, gid: 0, tags: [], hostname: '' });
  assert.deepEqual(Object.keys(JSON.parse(asBuffer(encoded).toString()) as object), [
    'time',
    'tree',
    'paths',
  ]);
});

test('a snapshot without a time or a tree is damage, and is named', () => {
  for (const value of [{}, { time: 'x', tree: id }, { time: '2026-01-01T00:00:00Z', tree: 'x' }, [], 1]) {
    assert.throws(() => parseSnapshot(json(value), 'snapshot abc'), /snapshot abc/);
  }
});

test('a lock survives, and is as strict as it says', () => {
  const lock = { timeNs: 5n, exclusive: true, hostname: 'h', username: 'u', pid: 42 };
  assert.deepEqual(parseLock(encodeLock(lock), 'lock'), lock);
  assert.equal(parseLock(json({ time: '2026-01-01T00:00:00Z' }), 'lock').exclusive, false);
  assert.throws(() => parseLock(json({ exclusive: true }), 'lock'), isDamage);
});

test('a config survives; another version is not supported, and a polynomial that cuts badly is damage', () => {
  const config = newConfig();
  assert.deepEqual(parseConfig(encodeConfig(config), 'here'), config);
  const written = JSON.parse(asBuffer(encodeConfig(config)).toString()) as object;
  assert.throws(
    () => parseConfig(json({ ...written, version: 3 }), 'here'),
    (error) => isHoldfastError(error, 'repository_unsupported') && error.message.includes('version 3'),
  );
  assert.throws(
    () => parseConfig(json({ ...written, chunker_polynomial: '38f1e565e288df' }), 'here'),
    isDamage,
  );
  assert.throws(() => parseConfig(json({ ...written, id: '' }), 'here'), isDamage);
});

test('a master key survives, and one with a part that is all zero is refused', () => {
  const key = generateMasterKey();
  const written = JSON.parse(asBuffer(encodeMasterKey(key)).toString()) as { mac: object; encrypt: string };
  assert.deepEqual(parseMasterKey(written, 'key'), key);
  const zero = Buffer.alloc(32).toString('base64');
  assert.throws(() => parseMasterKey({ ...written, encrypt: zero }, 'key'), isDamage);
  assert.throws(() => parseMasterKey({ ...written, mac: null }, 'key'), isDamage);
});

const origin = { hostname: 'h', username: 'u', createdNs: 0n };
const cost = { N: 1024, r: 8, p: 1 };

test('a key file opens with its password and with no other, and does not show the key', async () => {
  const key = new Secret(generateMasterKey());
  const file = await createKeyFile(key, new Secret('right'), origin, cost);
  const parsed = parseKeyFile(file, 'key');
  assert.deepEqual((await openKeyFile(parsed, new Secret('right'), 'key'))?.reveal(), key.reveal());
  assert.equal(await openKeyFile(parsed, new Secret('wrong'), 'key'), undefined);
  assert.ok(!asBuffer(file).includes(asBuffer(key.reveal().encrypt).toString('base64')));
  assert.ok(!asBuffer(file).includes(toHex(key.reveal().encrypt)));
});

test('a key file that asks for another function, or for more than this machine should give, is refused', async () => {
  const file = await createKeyFile(new Secret(generateMasterKey()), new Secret('p'), origin, cost);
  const written = JSON.parse(asBuffer(file).toString()) as object;
  const changes = [
    { kdf: 'none' },
    { N: 1000 },
    { N: 1 },
    { N: 2 ** 30 },
    { r: 2 ** 20 },
    { p: 2 ** 24 },
    { p: 0 },
    { N: '1024' },
    { salt: 'AAAA' },
    { data: 5 },
  ];
  for (const change of changes) {
    assert.throws(
      () => parseKeyFile(json({ ...written, ...change }), 'key abc'),
      /key abc/,
      JSON.stringify(change),
    );
  }
});
