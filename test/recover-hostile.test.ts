import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { sealPassword } from '../src/agent/connection.ts';
import { connectNode, openNode } from '../src/agent/index.ts';
import { type Bytes, Secret, silentLog, systemClock } from '../src/base/index.ts';
import { escrowFingerprint, leaveEscrow } from '../src/enrol/index.ts';
import type { ObjectId } from '../src/storage/index.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';
import { Terminal } from './rig/terminal.ts';

const theirPassword = 'the password of somebody else';

describe('a machine that is lost, and a server that somebody else has by now', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let fresh: NetworkClient;
  /** Of what the machine left. */
  let known: string;
  let genuine: Bytes;
  let theirs: Bytes;
  const at = (...names: string[]): string => join(place.path, ...names);
  const kit = (): string[] => ['--kit', at('kit.txt')];
  /** A kit from before the server added anything to kits. */
  const olderKit = (): string[] => ['--kit', at('older kit.txt')];
  const stored = (name: string): string => join(network.home, 'store', name);
  /** What the one who has the server puts in the place of what `laptop` left, while the server is down. */
  const handOut = async (repository: string, ...sealed: Bytes[]): Promise<void> => {
    await network.server.stop();
    const database = new DatabaseSync(join(network.home, 'authority/authority.db'));
    const { id } = database.prepare("SELECT id FROM identities WHERE name = 'laptop'").get() as {
      id: number;
    };
    database.prepare('DELETE FROM escrows WHERE identity = ?').run(id);
    for (const bytes of sealed) {
      const sql = "INSERT INTO escrows (identity, repository, sealed, stored_at) VALUES (?, 'x', ?, 1)";
      database.prepare(sql).run(id, bytes);
    }
    database.close();
    rmSync(stored('laptop'), { recursive: true });
    cpSync(repository, stored('laptop'), { recursive: true });
    await network.restart();
  };
  /** That `recover` refuses and nothing of it is kept: neither a key here, nor one of ours there. */
  const refused = async (words: readonly string[], expected = 23): Promise<string> => {
    const keys = readdirSync(join(stored('laptop'), 'keys'));
    const { stdout, stderr } = await fresh.run(['recover', ...words], expected);
    assert.deepEqual(readdirSync(join(stored('laptop'), 'keys')), keys);
    assert.match((await fresh.run(['snapshots'], 12)).stderr, /\[repository_wrong_key\]/);
    return stdout + stderr;
  };

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    cpSync(join(network.home, 'recovery-kit.txt'), at('older kit.txt'));
    for (const name of ['laptop', 'desk']) {
      writeFileSync(at(name), `of ${name}\n`);
      const client = await network.join(name, at('machines', name));
      await client.run(['backup', at(name)]);
    }
    const status = JSON.parse(
      (await network.client('laptop', at('machines/laptop')).run(['status', '--json'])).stdout,
    );
    known = (status as { node: { escrows: { fingerprint: string }[] } }).node.escrows[0]?.fingerprint ?? '';
    // The kit is taken away now; what comes after is the attack.
    renameSync(join(network.home, 'recovery-kit.txt'), at('kit.txt'));
    cpSync(stored('laptop'), at('genuine'), { recursive: true });
    writeFileSync(at('password'), theirPassword);
    writeFileSync(at('forged.txt'), 'run me\n');
    const words = ['backup', '--home', at('their home'), '--repo', at('forged'), '--init'];
    await runProgram(launcher, [...words, '--password-file', at('password'), at('forged.txt')]);
    const [row] = sealedOf('laptop');
    genuine = row as Bytes;
    const recipient = /"recoveryRecipient": "(age1[^"]+)"/.exec(
      readFileSync(at('machines/laptop/holdfast/node/node.json'), 'utf8'),
    )?.[1];
    theirs = await sealPassword(new Secret(theirPassword), recipient ?? '');
    fresh = network.client('laptop', at('fresh'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });
  const sealedOf = (name: string): Bytes[] => {
    const database = new DatabaseSync(join(network.home, 'authority/authority.db'), { readOnly: true });
    const sql =
      'SELECT sealed FROM escrows e JOIN identities i ON i.id = e.identity WHERE i.name = ? ORDER BY e.id';
    const rows = database.prepare(sql).all(name) as { sealed: Bytes }[];
    database.close();
    return rows.map(({ sealed }) => sealed);
  };

  it('has its fingerprint on the machine, on the kit as long as that is at the server, and in the log', async () => {
    assert.match(known, /^(?:[0-9a-f]{4}-){7}[0-9a-f]{4}$/);
    assert.equal(known, escrowFingerprint(genuine));
    assert.match(readFileSync(at('kit.txt'), 'utf8'), new RegExp(`^# Escrow client/laptop ${known}$`, 'm'));
    const { stdout } = await network.run(['audit', 'list', '--kind', 'escrowed', '--json']);
    const records = JSON.parse(stdout) as { by: string; details: { sha256: string } }[];
    const record = records.find(({ by }) => by === 'client/laptop');
    assert.equal(record?.details.sha256.slice(0, 32), known.replaceAll('-', ''));
  });

  it('is not given a repository that the server made, where the kit says what the machine left', async () => {
    await handOut(at('forged'), theirs);
    const code = await network.joinCode('laptop', ['--reissue']);
    const said = await refused([code, ...kit()]);
    assert.match(
      said,
      /does not hand out the sealed password that client laptop is known to have left \[escrow_unproven\]/,
    );
    assert.ok(!said.includes('forged.txt'), 'it was opened all the same');
    assert.match(
      await refused([...olderKit(), '--fingerprint', known]),
      /does not hand out .*\[escrow_unproven\]/,
    );
  });

  it('is not given it either with the right password lying beside, or that of another machine', async () => {
    await handOut(at('forged'), genuine, theirs);
    assert.match(
      await refused(kit()),
      /is known to have left does not open the repository.*\[escrow_unproven\]/,
    );
    await handOut(stored('desk'), ...sealedOf('desk'));
    assert.match(await refused(kit()), /does not hand out .*\[escrow_unproven\]/);
  });

  it('is shown what was found and asked, where nothing says what the machine left', async () => {
    await handOut(at('forged'), theirs);
    const words = ['recover', ...olderKit(), '--home', fresh.home];
    await using terminal = new Terminal(words, place.path);
    await terminal.answer(/Nothing proves that laptop left this/, 'n');
    assert.equal(await terminal.ended, 130);
    assert.match((await fresh.run(['snapshots'], 12)).stderr, /\[repository_wrong_key\]/);
  });

  it('is told that nothing proves it, where nobody can be asked', async () => {
    const { stdout, stderr } = await fresh.run(['recover', ...olderKit()]);
    assert.match(stdout, /newest .*forged\.txt/);
    assert.match(stdout, new RegExp(`sealed +${escrowFingerprint(theirs)} +nothing proves it`));
    assert.match(stderr, /warning: only the server says that this is of laptop/);
  });

  it('is told that it is not what was known, when somebody takes it all the same', async () => {
    const { stdout, stderr } = await fresh.run(['recover', ...kit(), '--trust-server']);
    assert.match(stdout, new RegExp(`sealed +${escrowFingerprint(theirs)} +NOT what is known`));
    assert.match(stderr, /warning: only the server says/);
  });

  it('comes back by what it left, when the server has it again', async () => {
    await handOut(at('genuine'), genuine);
    const { stdout } = await fresh.run([
      'recover',
      ...olderKit(),
      '--fingerprint',
      known.toUpperCase(),
      '--json',
    ]);
    const report = JSON.parse(stdout) as { escrow: unknown; newest: { paths: string[] } };
    assert.deepEqual(report.escrow, { fingerprint: known, proof: 'known' });
    assert.deepEqual(report.newest.paths, [at('laptop')]);
    await fresh.run(['restore', 'latest', '--target', at('back')]);
    assert.equal(readFileSync(join(at('back'), at('laptop')), 'utf8'), 'of laptop\n');
  });

  it('comes back although a thief of its certificate left rubbish, a password and keys of their own', async () => {
    // The thief has the certificate of the machine as it is now, and nothing of the server.
    await leaveAsThief(
      [theirs, Uint8Array.of(1, 2, 3)],
      [
        ...readdirSync(at('forged/keys')).map((name) => readFileSync(at('forged/keys', name))),
        ...rubbishBefore(readdirSync(join(stored('laptop'), 'keys'))),
      ],
    );
    assert.equal(sealedOf('laptop').length, 3);
    const again = network.client('laptop', at('again'));
    const code = await network.joinCode('laptop', ['--reissue']);
    for (const words of [[code, ...olderKit(), '--trust-server'], kit()]) {
      const { stdout } = await again.run(['recover', ...words, '--json']);
      assert.equal((JSON.parse(stdout) as { escrow: { fingerprint: string } }).escrow.fingerprint, known);
    }
    assert.match((await fresh.run(['snapshots'], 21)).stderr, /\[certificate_revoked\]/);
  });

  const leaveAsThief = async (passwords: readonly Bytes[], keys: readonly Bytes[]): Promise<void> => {
    const { signal } = new AbortController();
    const node = await openNode(join(fresh.home, 'node'));
    using connection = await connectNode(node, { clock: systemClock, log: silentLog, signal });
    const { dialer, server } = connection;
    for (const sealed of passwords) await leaveEscrow({ dialer, server, repository: 'x', sealed });
    const { store } = await connection.place();
    for (const key of keys) {
      await store.write({ type: 'keys', name: hash('sha256', key) as ObjectId }, [key], { size: key.length });
    }
  };
});

/** More files than a password is tried on, each listed before every one of `names`. */
function rubbishBefore(names: readonly string[]): Bytes[] {
  const files: Bytes[] = [];
  for (let number = 0; files.length < 21; number++) {
    const file = Buffer.from(`no key ${number}`);
    if (names.every((name) => hash('sha256', file) < name)) files.push(file);
  }
  return files;
}
