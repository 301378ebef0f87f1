import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { systemErrorCode } from '../base/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { pathText } from './raw-path.ts';
import { type WalkEvent, walk } from './walk.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'holdfast-walk-'));
});
afterEach(() => rmSync(top, { recursive: true }));

function put(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), '');
  }
}

/** The events at or below the scratch directory, as `kind path`. */
function show(events: Iterable<WalkEvent>): string[] {
  return Array.from(events, ({ kind, path }) => `${kind} ${pathText(path)}`)
    .filter((line) => line.includes(`${top}/`))
    .map((line) => line.replace(`${top}/`, ''));
}

const bytes = (path: string): Buffer => Buffer.from(join(top, path));

test('names come in byte order, raw, with each directory around its content', () => {
  put('t/é', 't/z', 't/d/x', 't/B');
  writeFileSync(Buffer.concat([bytes('t/a'), Buffer.from([0xff])]), '');
  assert.deepEqual(show(walk([bytes('t')], new IgnoreRules())), [
    'enter t',
    'entry t/B',
    'entry t/a\udcff',
    'enter t/d',
    'entry t/d/x',
    'leave t/d',
    'entry t/z',
    'entry t/é',
    'leave t',
  ]);
});

test('several roots are one tree, ancestors show nothing else, a root inside another adds nothing', () => {
  put('p/one/f', 'p/two/f', 'p/other', 'q');
  const roots = [bytes('q'), bytes('p/two'), bytes('p/one/../one/'), bytes('p/one/f')];
  assert.deepEqual(show(walk(roots, new IgnoreRules())), [
    'enter p',
    'enter p/one',
    'entry p/one/f',
    'leave p/one',
    'enter p/two',
    'entry p/two/f',
    'leave p/two',
    'leave p',
    'entry q',
  ]);
});

test('a symlink is an entry, also as a root, but leads on to a root below it', () => {
  put('real/f');
  symlinkSync('real', join(top, 'link'));
  assert.deepEqual(show(walk([bytes('link')], new IgnoreRules())), ['entry link']);
  assert.deepEqual(show(walk([bytes('link/f')], new IgnoreRules())), [
    'enter link',
    'entry link/f',
    'leave link',
  ]);
});

test('the root directory can be walked, and stopped at any moment', () => {
  const first = walk([Buffer.from('/')], new IgnoreRules()).next();
  assert.equal(first.done, false);
  assert.match(pathText(first.value.path), /^\/[^/]+$/);
});

test('what vanishes between reading and looking is told, the rest goes on', () => {
  put('t/a', 't/b', 't/c');
  const events = walk([bytes('t')], new IgnoreRules());
  const seen = [];
  for (const event of events) {
    seen.push(event);
    if (event.kind === 'enter' && pathText(event.name) === 't') unlinkSync(join(top, 't/b'));
  }
  assert.deepEqual(show(seen), ['enter t', 'entry t/a', 'unreadable t/b', 'entry t/c', 'leave t']);
});

test('a directory that cannot be read is told and not announced', () => {
  put('t/locked/f', 't/open');
  chmodSync(join(top, 't/locked'), 0);
  try {
    const script = `
      import { IgnoreRules, walk } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
      if (process.getuid() === 0) process.setuid(65534);
      for (const event of walk([Buffer.from(process.argv[1])], new IgnoreRules())) {
        if (event.kind === 'unreadable') console.log(event.error.code, Buffer.from(event.name).toString());
      }`;
    for (const path of [top, join(top, 't')]) chmodSync(path, 0o755);
    const argv = ['--input-type=module', '-e', script, join(top, 't')];
    assert.equal(execFileSync(process.execPath, argv, { encoding: 'utf8' }), 'EACCES locked\n');
  } finally {
    chmodSync(join(top, 't/locked'), 0o700);
  }
});

test('a forbidden directory is reported and not entered, whatever leads to it', () => {
  put('t/home/secret', 't/f', 'elsewhere');
  symlinkSync(join(top, 't/home'), join(top, 'alias'));
  const rules = new IgnoreRules({ forbidden: [bytes('alias'), bytes('missing')] });
  const expected = ['enter t', 'entry t/f', 'forbidden t/home', 'leave t'];
  assert.deepEqual(show(walk([bytes('t')], rules)), expected);
  assert.deepEqual(show(walk([bytes('t/home/secret')], rules)), ['enter t', 'forbidden t/home', 'leave t']);
  assert.deepEqual(show(walk([bytes('alias/secret')], rules)), ['forbidden alias']);
});

test('of a tagged cache only the tag stays, of one wrongly tagged everything', () => {
  const signature = 'Signature: 8a477f597d28d172789f06886806bc55';
  put(
    't/cache/data',
    't/cache/deep/x',
    't/cache/CACHEDIR.TAG',
    't/odd/data',
    't/odd/CACHEDIR.TAG',
    't/pipe/f',
  );
  writeFileSync(join(top, 't/cache/CACHEDIR.TAG'), `${signature}\nmore`);
  writeFileSync(join(top, 't/odd/CACHEDIR.TAG'), signature.slice(0, -1));
  execFileSync('mkfifo', [join(top, 't/pipe/CACHEDIR.TAG')]);
  assert.deepEqual(show(walk([bytes('t')], new IgnoreRules({ excludeCaches: true }))), [
    'enter t',
    'enter t/cache',
    'entry t/cache/CACHEDIR.TAG',
    'leave t/cache',
    'enter t/odd',
    'entry t/odd/CACHEDIR.TAG',
    'entry t/odd/data',
    'leave t/odd',
    'enter t/pipe',
    'entry t/pipe/CACHEDIR.TAG',
    'entry t/pipe/f',
    'leave t/pipe',
    'leave t',
  ]);
});

test('a root that does not exist is unreadable', () => {
  const events = [...walk([bytes('missing')], new IgnoreRules())];
  const event = events.find(({ kind }) => kind === 'unreadable');
  assert.equal(event?.kind === 'unreadable' && systemErrorCode(event.error), 'ENOENT');
});

test('a relative root is misuse', () => {
  assert.throws(() => [...walk([Buffer.from('t')], new IgnoreRules())], TypeError);
});

test('what is no refusal of the system ends the walk, and is not one more unreadable file', () => {
  class Broken extends IgnoreRules {
    override isForbidden(): boolean {
      throw new ReferenceError('a bug');
    }
  }
  put('t/a');
  assert.throws(() => show(walk([bytes('t')], new Broken())), ReferenceError);
  assert.throws(() => show(walk([bytes('a\0b')], new IgnoreRules())), TypeError);
});
