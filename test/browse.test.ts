import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunningProgram, runHoldfast, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('holdfast browse', () => {
  let place: TemporaryDirectory;
  let program: RunningProgram;
  let url = '';
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = (): string[] => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const content = randomBytes(3_000_000);
  const data = (): string => `${url}hosts/laptop/latest${at('data')}/`;
  const odd = Buffer.from('not \xff utf8', 'latin1');

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data/folder'), { recursive: true });
    writeFileSync(at('password'), 'of the repository\n');
    writeFileSync(at('data/large'), content);
    writeFileSync(at('data/empty'), '');
    writeFileSync(at('data/folder/a <b>&c.html'), '<script>alert(1)</script>');
    writeFileSync(Buffer.concat([Buffer.from(at('data/')), odd]), 'odd');
    symlinkSync('large', at('data/link'));
    for (const host of ['laptop', 'elsewhere']) {
      const words = ['backup', at('data'), '--host', host, '--tag', host, '--init'];
      assert.equal((await runHoldfast([...words, ...own()])).code, 0);
    }
    program = startHoldfast([
      'browse',
      '--host',
      'laptop',
      '--path',
      at('data'),
      '--tag',
      'laptop',
      ...own(),
    ]);
    url = (await program.waitFor(/browse +(http:\S+)/))[1] ?? '';
  });
  after(async () => {
    const { code, stderr } = await program.stop();
    place[Symbol.dispose]();
    assert.deepEqual([code, stderr], [0, '']);
  });

  const ask = async (from: string, ...words: string[]): Promise<{ status: string; text: string }> => {
    const { stdout } = await runProgram('curl', [
      '-s',
      '--path-as-is',
      '-w',
      '\n%{http_code}',
      ...words,
      from,
    ]);
    const end = stdout.lastIndexOf('\n');
    return { status: stdout.slice(end + 1), text: stdout.slice(0, end) };
  };
  const status = async (...words: [string, ...string[]]): Promise<string> => (await ask(...words)).status;

  it('is at an address that nobody can guess, on this machine alone, and by no other name', async () => {
    const { origin, port } = new URL(url);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
    for (const elsewhere of [`${origin}/`, `${origin}/${'A'.repeat(22)}/`, `${origin}/${url.slice(-20)}`])
      assert.equal(await status(elsewhere), '404');
    assert.equal(await status(url, '-H', `Host: rebound.example:${port}`), '421');
    assert.equal(await status(url, '-H', `Host: localhost:${port}`), '200');
    const { stdout } = await runProgram('ss', ['-Hltn', `sport = :${port}`]);
    assert.match(stdout, /^LISTEN +\d+ +\d+ +127\.0\.0\.1:\d+[^\n]*\n$/);
  });

  it('shows folders to browsers, and runs nothing there', async () => {
    const { text } = await ask(data());
    assert.match(text, /<a href="\.\/folder\/">folder\/<\/a>/);
    assert.match(text, /<a href="\.\/not%20%FF%20utf8">/);
    assert.match(text, /link \(symlink\)/);
    const inside = await ask(`${data()}folder/`, '-i');
    assert.match(inside.text, /<a href="\.\/a%20%3Cb%3E%26c\.html">a &lt;b&gt;&amp;c\.html<\/a>/);
    assert.match(inside.text, /Content-Security-Policy: sandbox; default-src 'none'/);
    const script = await ask(`${data()}folder/a%20%3Cb%3E%26c.html`, '-i');
    assert.match(
      script.text,
      /Content-Type: application\/octet-stream[^]*X-Content-Type-Options: nosniff|X-Content-Type-Options: nosniff[^]*Content-Type: application\/octet-stream/,
    );
    assert.deepEqual(
      [
        await status(data().slice(0, -1)),
        await status(`${url}hosts/elsewhere/`),
        await status(`${data()}link`),
      ],
      ['301', '404', '404'],
    );
  });

  it('gives files whole and in parts, by their raw names', async () => {
    const get = async (...words: string[]): Promise<Buffer> => {
      await runProgram('curl', ['-sf', '-o', at('got'), ...words, `${data()}large`]);
      return readFileSync(at('got'));
    };
    assert.ok((await get()).equals(content));
    assert.ok((await get('-r', '1000000-2500000')).equals(content.subarray(1_000_000, 2_500_001)));
    assert.ok((await get('-r', '-10')).equals(content.subarray(-10)));
    assert.deepEqual(await ask(`${data()}not%20%FF%20utf8`), { status: '200', text: 'odd' });
    assert.equal(await status(`${data()}large`, '-r', '3000000-'), '416');
    assert.equal(await status(`${data()}empty`), '200');
    const { text } = await ask(`${data()}large`, '-I');
    assert.match(text, /Content-Length: 3000000/);
    const tag = /ETag: (\S+)/.exec(text)?.[1] ?? '';
    assert.equal(await status(`${data()}large`, '-H', `If-None-Match: ${tag}`), '304');
    assert.equal(await status(`${data()}large`, '-r', '0-1', '-H', 'If-Range: "another"'), '200');
  });

  it('answers PROPFIND for one level, and changes nothing', async () => {
    const find = (depth: string) => ask(data(), '-X', 'PROPFIND', '-H', `Depth: ${depth}`);
    const [itself, level, all] = [await find('0'), await find('1'), await find('infinity')];
    assert.deepEqual([itself.status, level.status, all.status], ['207', '207', '403']);
    assert.equal(itself.text.match(/<D:response>/g)?.length, 1);
    assert.match(level.text, /large<\/D:href>[^\n]*<D:getcontentlength>3000000</);
    assert.doesNotMatch(level.text, /link/);
    assert.match(all.text, /propfind-finite-depth/);
    for (const method of ['PUT', 'DELETE', 'MKCOL', 'MOVE', 'PROPPATCH', 'LOCK', 'POST'])
      assert.equal(await status(`${data()}large`, '-X', method), '405');
    assert.equal(
      await status(data(), '-X', 'PROPFIND', '-H', 'Depth: 0', '-d', `@${at('data/large')}`),
      '413',
    );
  });

  it('is read by rclone, all of it equal', async () => {
    const remote = ['--webdav-url', data(), '--config', '/dev/null', '--webdav-vendor', 'other'];
    await runProgram('rclone', ['copy', ...remote, ':webdav:', at('copied')]);
    assert.ok(readFileSync(at('copied/large')).equals(content));
    const names = ['--exclude', 'link', '--exclude', 'not*', '--download'];
    await runProgram('rclone', ['check', ...remote, ...names, '--skip-links', at('data'), ':webdav:']);
  });
});
