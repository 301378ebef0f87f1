import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { linkHops, pathText, textPath } from './raw-path.ts';

test('a path that is UTF-8 is its text', () => {
  assert.equal(pathText(Buffer.from('/home/ünï/😀')), '/home/ünï/😀');
});

test('bytes that are not UTF-8 become lone surrogates, the rest stays', () => {
  assert.equal(pathText(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3])), 'a\udcffä\udcc3');
});

test('different names are never one text', () => {
  const names = [[0xff], [0xfe], [0xef, 0xbf, 0xbd], [0xed, 0xb3, 0xbf], [0xed, 0xb3], [0xc3]];
  const texts = new Set(names.map((name) => pathText(Buffer.from(name))));
  assert.equal(texts.size, names.length);
});

test('a text leads back to the bytes it shows', () => {
  for (const bytes of [
    [0x61, 0xff, 0xc3, 0xa4, 0xc3],
    [0xef, 0xbf, 0xbd],
    [0xf0, 0x9f, 0x98, 0x80, 0xf0],
  ]) {
    assert.deepEqual([...textPath(pathText(Buffer.from(bytes)))], bytes);
  }
});

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-hops-')));
});
afterEach(() => rmSync(top, { recursive: true }));

const hops = (path: string): string[] =>
  linkHops(Buffer.from(join(top, path))).map((hop) => hop.toString().replace(`${top}/`, ''));

test('what is no link, or not there, leads nowhere further', () => {
  mkdirSync(join(top, 'folder'));
  assert.deepEqual([hops('folder'), hops('missing')], [[], []]);
});

test('each link on the way is told, up to what is none, whether that is there or not', () => {
  symlinkSync('./two//', join(top, 'one'));
  symlinkSync(join(top, 'three'), join(top, 'two'));
  assert.deepEqual(hops('one'), ['two', 'three']);
});

test('.. is where the system says, behind a link and before one', () => {
  mkdirSync(join(top, 'far/away'), { recursive: true });
  mkdirSync(join(top, 'far/there'));
  symlinkSync('far/away', join(top, 'near'));
  symlinkSync('../there', join(top, 'far/away/up'));
  symlinkSync('near/../there', join(top, 'through'));
  symlinkSync('near/..', join(top, 'above'));
  assert.deepEqual(
    [hops('near/up'), hops('through'), hops('above')],
    [['far/there'], ['far/there'], ['far']],
  );
});

test('a circle ends at the link that was on the way before', () => {
  symlinkSync('second', join(top, 'first'));
  symlinkSync('./first', join(top, 'second'));
  symlinkSync('./itself', join(top, 'itself'));
  assert.deepEqual([hops('first'), hops('itself')], [['second', 'first'], ['itself']]);
});
