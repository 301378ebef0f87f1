import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Terminal } from './rig/terminal.ts';

const [up, down, right, left] = ['\u001b[A', '\u001b[B', '\u001b[C', '\u001b[D'];

describe('holdfast restore, asked at a terminal', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = (): string[] => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const restore = (...more: string[]): Terminal => new Terminal(['restore', ...own(), ...more], place.path);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data/letters'), { recursive: true });
    writeFileSync(at('password'), 'of the repository\n');
    writeFileSync(at('data/letters/ann [1].txt'), 'dear ann');
    writeFileSync(at('data/letters/bob.txt'), 'dear bob');
    writeFileSync(at('data/other'), 'other');
    for (const round of [1, 2]) {
      const words = ['backup', at('data'), '--init', '--tag', `round${round}`, ...own()];
      assert.equal((await runHoldfast(words)).code, 0);
      rmSync(at('data/letters/ann [1].txt'), { force: true });
    }
  });
  after(() => place[Symbol.dispose]());

  /** The command that was shown, said to a shell. */
  const repeat = async (terminal: Terminal): Promise<void> => {
    const command = /same:\n {2}(holdfast .*)\n/.exec(terminal.seen)?.[1] ?? assert.fail(terminal.seen);
    const program = 'holdfast() { "$HOLDFAST_LAUNCHER" "$@"; }';
    const { launcher } = await import('./rig/holdfast-process.ts');
    await runProgram('bash', ['-ec', `${program}\n${command}`], {
      cwd: place.path,
      env: { HOLDFAST_LAUNCHER: launcher },
    });
  };

  it('brings back what was marked in the tree, and says the command that does the same', async () => {
    await using terminal = restore();
    await terminal.answer(/Which snapshot\?/, '');
    // It stands on the folder that has several things in it, opened: letters/, other.
    await terminal.waitFor(/Which files\?[^]*letters\/[^]*other +5 B/);
    terminal.type(`${down}${right}`);
    await terminal.waitFor(/bob\.txt +8 B/);
    terminal.type(`${left}${right}${down}${up}${down} `);
    await terminal.answer(/\[x\][^\n]*bob\.txt[^]*1 marked/, '');
    await terminal.answer(/Where to\?/, '');
    await terminal.answer(/Folder/, '');
    await terminal.waitFor(/Restore now\?/);
    assert.ok(!existsSync(at('restored')));
    await repeat(terminal);
    const restored = readdirSync(at('restored'), { recursive: true }).filter((name) =>
      /txt|other/.test(String(name)),
    );
    assert.deepEqual(restored, [join(at('data/letters'), 'bob.txt').slice(1)]);
    rmSync(at('restored'), { recursive: true });
    terminal.type('\r');
    assert.equal(await terminal.ended, 0);
    assert.equal(readFileSync(join(at('restored'), at('data/letters/bob.txt')), 'utf8'), 'dear bob');
  });

  it('finds the last snapshot that had a file, and puts it back where it was', async () => {
    writeFileSync(at('data/letters/bob.txt'), 'changed since');
    await using terminal = restore();
    await terminal.answer(/Which snapshot\?/, down);
    await terminal.answer(/Name of the file/, 'nothing*');
    await terminal.answer(/nothing in all snapshots is called nothing\*[^]*Name of the file/, 'ANN*');
    await terminal.answer(/Which of these\?[^]*ann \[1\]\.txt {2}8 B {2}of/, '');
    await terminal.answer(/Where to\?/, down);
    await terminal.answer(/What is there already/, '');
    await terminal.waitFor(
      /--target \/ --include '[^']*ann \\\[1\]\.txt' --overwrite if-changed[^]*Restore now\?/,
    );
    terminal.type('\r');
    assert.equal(await terminal.ended, 0);
    assert.equal(readFileSync(at('data/letters/ann [1].txt'), 'utf8'), 'dear ann');
    assert.equal(readFileSync(at('data/letters/bob.txt'), 'utf8'), 'changed since');
  });

  it('takes the last snapshot before a time, and everything of it', async () => {
    mkdirSync(at('full'));
    writeFileSync(at('full/mine'), 'mine');
    await using terminal = restore('--target', 'full', '--tag', 'round1');
    await terminal.answer(/Which snapshot\?/, `${down}${down}`);
    await terminal.answer(/Before when\?/, '7d');
    await terminal.answer(/no snapshot was made before 7d/, '\u0015'.concat('\u007f'.repeat(2), '0d'));
    await terminal.waitFor(/Which files\?/);
    terminal.type(`${up.repeat(20)} `);
    await terminal.answer(/\[x\] - \/ +everything/, '');
    await terminal.answer(/full has files in it/, `${down}${down}${down}`);
    await terminal.answer(/--target full --overwrite never[^]*Restore now\?/, 'y');
    assert.equal(await terminal.ended, 0);
    assert.equal(readFileSync(join(at('full'), at('data/letters/ann [1].txt')), 'utf8'), 'dear ann');
    assert.equal(readFileSync(at('full/mine'), 'utf8'), 'mine');
  });

  it('does nothing when it is given up, at any question', async () => {
    for (const key of ['\u0003', '\u001b']) {
      await using terminal = restore();
      await terminal.answer(/Which snapshot\?/, '');
      await terminal.waitFor(/Which files\?/);
      terminal.type(key);
      assert.equal(await terminal.ended, 130);
    }
    await using signalled = restore();
    await signalled.answer(/Which snapshot\?/, '');
    await signalled.waitFor(/Which files\?/);
    signalled.kill('SIGTERM');
    assert.equal(await signalled.ended, 130);
    await using refused = restore('--target', 'unmade');
    await refused.answer(/Which snapshot\?/, '');
    await refused.answer(/Which files\?/, ' ');
    await refused.answer(/Restore now\?/, 'n');
    assert.equal(await refused.ended, 130);
    assert.ok(!existsSync(at('unmade')));
  });

  it('asks nobody where no terminal is, or where words were said already', async () => {
    for (const words of [[], ['--target', 'x']]) {
      const refused = errorIn(await runHoldfast(['restore', ...own(), ...words, '--json']));
      assert.deepEqual([refused.code, refused.message], ['usage', "missing required argument 'snapshot'"]);
    }
    const bare = errorIn(await runHoldfast(['restore', 'latest', ...own(), '--json']));
    assert.match(bare.message, /required option '--target <dir>' not specified/);
    await using terminal = restore('--include', 'x');
    assert.equal(await terminal.ended, 2);
  });
});
