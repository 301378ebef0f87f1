import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OpensslCa } from './rig/existing-authority.ts';
import { launcher, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What there is, and how many certificates of before it has. */
const kinds = [
  { what: 'an adopted intermediate', imported: 3 },
  { what: 'an authority below an outside root', imported: 0 },
] as const;

for (const { what, imported } of kinds) {
  describe(`copies of ${what}`, () => {
    let place: TemporaryDirectory;
    let corporate: OpensslCa;
    let office: Network;
    let ann: NetworkClient;
    const at = (...names: string[]): string => join(place.path, ...names);
    const answer = (): string[] => ['--root', at('corporate/cacert.pem')];
    const holdfast = (words: readonly string[], name: string): Promise<ProgramResult> =>
      runProgram(launcher, [...words, '--home', at(name)], { env: { HOME: place.path } });
    /** All that is to be known of it, wherever it is. */
    const known = async (name: string): Promise<unknown> => {
      const list = ['cert', 'list', '--imported', '--json'];
      const before = JSON.parse((await holdfast(list, name)).stdout) as { serial: string; state: string }[];
      const { stdout } = await holdfast(['ca', 'show', '--json'], name);
      const { certificates, outside } = JSON.parse(stdout) as {
        certificates: { label: string; fingerprint: string }[];
        outside: { subject: string; fingerprint: string }[];
      };
      await holdfast(['ca', 'export', at(`${name}.pem`), '--force'], name);
      await holdfast(['audit', 'verify'], name);
      return {
        before: before.map(({ serial, state }) => [serial, state]),
        certificates: certificates.map(({ label, fingerprint }) => [label, fingerprint]),
        outside: outside.map(({ subject, fingerprint }) => [subject, fingerprint]),
        exported: readFileSync(at(`${name}.pem`), 'utf8'),
      };
    };
    const kit = (): string[] => ['--kit', join(office.home, 'recovery-kit.txt'), '--names', 'localhost'];

    const adopting = async (): Promise<readonly string[]> => {
      const old = await OpensslCa.make(at('office'), 'Office CA', { by: corporate });
      await old.issue(['one', 'two', 'three']);
      return ['ca', 'adopt', old.directory, '--chain', at('corporate/cacert.pem')];
    };
    before(async () => {
      place = temporaryDirectory();
      corporate = await OpensslCa.make(at('corporate'), 'Corporate Root');
      mkdirSync(at('mirror'));
      const asking = ['ca', 'create', '--subordinate', '--out', at('office.csr')];
      office = await Network.start(
        at('server'),
        launcher,
        imported > 0 ? await adopting() : asking,
        async (home) => {
          if (imported === 0) {
            writeFileSync(
              at('office.pem'),
              await corporate.sign(at('office.csr'), { extensions: 'authority' }),
            );
            await runProgram(launcher, ['ca', 'complete', at('office.pem'), ...answer(), '--home', home]);
          }
          const mirrors = `\n[authority]\nlog_mirrors = ${JSON.stringify([at('mirror')])}\n`;
          appendFileSync(join(home, 'holdfast.toml'), mirrors);
        },
      );
      ann = await office.join('ann', at('ann'));
      await office.run(['ca', 'backup', at('authority.age')]);
      // What comes after the backup.
      await office.run(['ca', 'request', '--out', at('next.csr')]);
      writeFileSync(at('next.pem'), await corporate.sign(at('next.csr'), { extensions: 'authority' }));
      await office.run(['ca', 'complete', at('next.pem'), ...answer()]);
      if (imported > 0) await office.run(['cert', 'revoke', '--serial', '1001', '--yes']);
      await ann.run(['cert', 'renew', '--early']);
    });
    after(async () => {
      await office[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    });

    it('have from a mirror of the log what came after the backup', async () => {
      const expected = (await known('server/holdfast')) as { before: unknown[]; exported: string };
      assert.equal(expected.before.length, imported);
      assert.ok(expected.exported.startsWith(readFileSync(at('next.pem'), 'utf8').trim()));
      const words = ['ca', 'restore', at('authority.age'), ...kit()];
      await holdfast([...words, '--dry-run'], 'dry');
      await holdfast([...words, '--mirror', at('mirror')], 'mirrored');
      assert.deepEqual(await known('mirrored'), expected);
    });

    it('are rehearsed, and do from outside and from inside', async () => {
      // The one at work has not stood down for the one from the mirror, which has decided nothing.
      await office.run(['ca', 'backup', at('newer.age')]);
      const { stdout } = await office.run(['ca', 'rehearse', at('newer.age'), ...kit().slice(0, 2)]);
      assert.doesNotMatch(stdout, /would not/);
      await office.run(['ca', 'rehearse', at('newer.age')]);
    });

    it('go on elsewhere after a move, and its machines with them', async () => {
      const expected = await known('server/holdfast');
      await office.run(['ca', 'move', at('moved.age')]);
      await office.server.ended;
      const port = ['--port', String(office.port)];
      await holdfast(['ca', 'restore', at('moved.age'), ...kit(), ...port], 'moved');
      assert.deepEqual(await known('moved'), expected);
      await using server = new RunningProgram(['serve', '--home', at('moved')]);
      await server.waitFor(/listening/);
      await ann.run(['cert', 'renew', '--early']);
      writeFileSync(at('letter'), 'kept');
      await ann.run(['backup', at('letter')]);
      await ann.run(['cert', 'export', at('exported')]);
      const leaf = at('exported/client.pem');
      const verify = ['verify', '-CAfile', at('corporate/cacert.pem'), '-untrusted', leaf, leaf];
      assert.match((await runProgram('openssl', verify)).stdout, /OK/);
    });
  });
}
