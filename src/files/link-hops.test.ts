import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { linkHops } from './link-hops.ts';

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
