import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ErrorRow, errorSections } from '../src/base/index.ts';
import { createFullProgram } from '../src/cli/program/create-program.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramOptions, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** Asserts that each command which a hint names, `holdfast WORDS`, is one that there is. */
async function assertCommands(hint: string): Promise<void> {
  const program = await createFullProgram();
  for (const [, first = '', second = ''] of hint.matchAll(/holdfast ([a-z_]+)(?: ([a-z-]+))?/g)) {
    const command = program.commands.find((each) => each.name() === first);
    assert.ok(command, `there is no holdfast ${first}: ${hint}`);
    const below = command.commands.map((each) => each.name());
    if (below.length > 0)
      assert.ok(below.includes(second), `there is no holdfast ${first} ${second}: ${hint}`);
  }
}

describe('the next step that an error names', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[], options: ProgramOptions & { expected?: number } = {}) =>
    runProgram(launcher, words, options);
  const refused = async (words: readonly string[], expected: number) => {
    const error = errorIn(await run([...words, '--json'], { expected }));
    await assertCommands(error.hint);
    return error;
  };
  const join_ = async (name: string, words: readonly string[], expected = 0) => {
    const { stdout } = await run(['token', 'create', name, ...words, '--home', at('server')]);
    return await run(['join', '--home', at(`home of ${name}`)], { input: stdout, expected });
  };

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
    const port = String(await freePorts());
    await run(['up', '--once', at('data'), '--home', at('server'), '--port', port, '--names', '127.0.0.1']);
  });
  after(() => place[Symbol.dispose]());

  it('names only commands that there are, wherever in the program it is written', async () => {
    for (const file of globSync(join(import.meta.dirname, '../src/**/*.ts')))
      for (const [, hint = ''] of readFileSync(file, 'utf8').matchAll(/hint:\s*(['`].*holdfast .*)/g))
        await assertCommands(hint);
    for (const { next } of Object.values(errorSections).flatMap((rows): ErrorRow[] => Object.values(rows)))
      await assertCommands(next);
  });

  it('is not needed to export a certificate at the server: a command starts it, as backup does', async () => {
    const { stderr } = await run([
      'cert',
      'export',
      '--layout',
      'restic',
      at('restic'),
      '--home',
      at('server'),
    ]);
    assert.match(stderr, /for this command/);
    assert.ok(existsSync(at('restic/restic.sh')));
  });

  it('is the recovery kit for a machine that came back without its keys, and another role for a person', async () => {
    await using server = startHoldfast(['serve', '--home', at('server')]);
    await server.waitFor(/listening/);
    await join_('laptop', []);
    await run(['backup', at('data'), '--home', at('home of laptop')]);
    const { stdout } = await run(['token', 'create', 'laptop', '--reissue', '--home', at('server')]);
    await run(['join', '--home', at('again')], { input: stdout });
    const lost = await refused(['backup', at('data'), '--home', at('again')], 12);
    assert.equal(lost.code, 'repository_wrong_key');
    assert.match(lost.hint, /holdfast recover --kit FILE/);
    await run(['recover', '--kit', at('server/recovery-kit.txt'), '--home', at('again')]);
    await run(['backup', at('data'), '--home', at('again')]);

    await join_('ann', ['--role', 'admin']);
    const person = await refused(['backup', at('data'), '--home', at('home of ann')], 21);
    assert.equal(person.code, 'certificate_wrong_role');
    assert.match(person.message, /admin ann .* only a client has a repository/);
    assert.match(person.hint, /join as a client in another home/);
  });

  it('leads on from every state in which a machine can be', async () => {
    const states: Record<string, [words: readonly string[], exit: number][]> = {
      none: [
        [['backup', at('data')], 1],
        [['restore', 'latest', '--target', at('t')], 1],
        [['status'], 1],
        [['serve'], 1],
        [['token', 'create', 'x'], 1],
        [['cert', 'renew'], 1],
        [['request', 'pending'], 1],
      ],
      server: [
        [['init'], 1],
        [['up', at('missing'), '--once'], 1],
        [['restore', 'nothing', '--target', at('t')], 1],
        [['cert', 'show', 'ffff'], 1],
        [['request', 'approve', '7'], 1],
        [['ca', 'rehearse'], 1],
        [['ca', 'move', '--undo', 'never'], 2],
        [['tls', 'unbind', '--host', 'a.example'], 1],
      ],
    };
    for (const [state, commands] of Object.entries(states))
      for (const [words, exit] of commands) {
        const { code, error } = await runHere([...words, '--home', at(state)], { HOME: place.path });
        assert.equal(code, exit, words.join(' '));
        await assertCommands(error?.hint ?? assert.fail(words.join(' ')));
      }
  });
});
