import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { asBuffer } from '../src/base/index.ts';
import { parseJoinCode } from '../src/enrol/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, RunningProgram } from './rig/holdfast-process.ts';
import { canariesOf, formsOf } from './rig/keystore-canaries.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const passphrase = 'canary-of-the-recovery-kit';
const password = 'canary-of-a-repository';
const wrongPassword = 'canary-that-opens-nothing';

/** Everything a run of the program said, on both outputs. */
async function say(words: readonly string[], home: string): Promise<{ stdout: string; all: string }> {
  const program = new RunningProgram([...words, '--verbose', '--home', home], { program: launcher });
  const { stdout, stderr } = await program.ended;
  return { stdout, all: `$ ${words[0]}\n${stdout}${stderr}` };
}

describe('what the program says with --verbose', () => {
  it('holds no secret of a network, from its beginning through joins, backups, exports and refusals', async () => {
    using directory = temporaryDirectory();
    const at = (name: string): string => join(directory.path, name);
    const port = String(await freePorts());
    for (const [name, text] of Object.entries({ passphrase, password, wrongPassword, data: 'content' }))
      writeFileSync(at(name), `${text}\n`, { mode: 0o600 });
    const [server, client, other] = [at('server'), at('client'), at('other')];
    const said: string[] = [];
    const run = async (words: readonly string[], home: string): Promise<string> => {
      const { stdout, all } = await say(words, home);
      said.push(all);
      return stdout;
    };

    const init = ['init', '--network', 'canary.test', '--names', '127.0.0.1,localhost', '--port', port];
    await run([...init, '--kit-password-file', at('passphrase')], server);
    await using serving = new RunningProgram(['serve', '--verbose', '--home', server], {
      program: launcher,
    });
    await serving.waitFor(/listening/);
    // A join code is what this command is for: its data, and nothing else that it says, is one.
    const { stdout: code, all: about } = await say(['token', 'create', 'alpha'], server);
    said.push(about.replace(code, ''));
    const local = ['--repo', at('repository'), '--password-file'];
    await run(['join', code.trim()], client);
    await run(['join', code.trim()], client);
    await run(['join', code.trim()], other);
    await run(['join', `${code.trim()}x`], other);
    await run(['backup', at('data')], client);
    await run(['backup', at('data'), '--init', ...local, at('password')], client);
    await run(['snapshots', ...local, at('wrongPassword')], other);
    await run(['cert', 'export', '--layout', 'restic', at('exported')], client);
    await run(['check', '--read-data'], client);
    await run(['status', '--json'], server);
    said.push(serving.stdout, serving.stderr);

    const { secret } = parseJoinCode(code);
    const canaries = [
      passphrase,
      password,
      wrongPassword,
      code.trim(),
      code.trim().replaceAll('-', '').slice(3),
      ...formsOf(secret.reveal()),
      readFileSync(at('exported/password'), 'utf8').trim(),
      ...(await canariesOf(join(server, 'authority'))),
      ...(await canariesOf(join(server, 'node'))),
      ...(await canariesOf(join(client, 'node'))),
    ];
    assert.ok(canaries.length > 20, String(canaries.length));
    const everything = said.join('\n');
    assert.match(everything, /join_code_used/);
    assert.match(everything, /repository_wrong_key/);
    for (const canary of canaries) {
      assert.ok(canary.length >= 16, `too short to be told from chance: ${canary.length}`);
      const line = everything.split('\n').find((text) => text.includes(canary));
      assert.equal(line, undefined);
    }
    // Nor does the authority keep what it only has to recognise.
    for (const name of readdirSync(join(server, 'authority')))
      assert.ok(!readFileSync(join(server, 'authority', name)).includes(asBuffer(secret.reveal())), name);
  });
});
