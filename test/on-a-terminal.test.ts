import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const escape = '\u001b[';

describe('on a terminal of 60 columns', () => {
  let place: TemporaryDirectory;
  let home: string;

  before(async () => {
    place = temporaryDirectory();
    home = join(place.path, 'home');
    await runProgram(launcher, ['init', '--home', home, '--port', String(await freePorts())]);
  });

  after(() => place[Symbol.dispose]());

  /** What a command shows there (`script` of util-linux), line by line. */
  async function shown(words: string, env: Record<string, string | undefined> = {}): Promise<string[]> {
    const command = `stty cols 60; ${launcher} ${words} --home ${home}; true`;
    const { stdout } = await runProgram('script', ['-qec', command, '/dev/null'], {
      env: {
        TERM: 'xterm',
        CI: undefined,
        NO_COLOR: undefined,
        FORCE_COLOR: undefined,
        NODE_DISABLE_COLORS: undefined,
        ...env,
      },
    });
    return stdout.split(/\r*\n/);
  }

  it('a warning and a failure have colour, unless NO_COLOR says otherwise or nobody sees it', async () => {
    const failing = 'ca online /nowhere';
    assert.ok((await shown(failing)).join('\n').includes(`${escape}31mholdfast:${escape}39m `));
    assert.ok(!(await shown(failing, { NO_COLOR: '1' })).join('\n').includes(escape));
    assert.ok((await shown('status')).join('\n').includes(`${escape}33mwarning:${escape}39m `));
    const { stderr } = await runHoldfast([...failing.split(' '), '--home', home], { env: { TERM: 'xterm' } });
    assert.match(stderr, /^holdfast: /);
    assert.ok(!stderr.includes(escape));
  });

  it('reports, tables and failures stay within the lines, and no word is broken', async () => {
    const lines: string[] = [];
    for (const words of ['status', 'ca show', 'policy show', 'audit list', 'ca online /nowhere'])
      lines.push(...(await shown(words, { NO_COLOR: '1' })));
    assert.ok(lines.length > 40, lines.join('\n'));
    assert.deepEqual(
      lines.filter(({ length }) => length > 60),
      [],
    );
    assert.match(lines.join('\n'), / p256,p384,\n/);
  });

  it('a help fits on 80 columns, whatever its examples say', async () => {
    for (const words of ['--help', 'request create --help', 'recover --help', 'completion zsh --help']) {
      const { stdout } = await runProgram(launcher, words.split(' '));
      assert.deepEqual(
        stdout.split('\n').filter(({ length }) => length > 80),
        [],
      );
    }
  });
});
