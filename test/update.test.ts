import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { createReleaseCertificate } from '../src/authority/releases/index.ts';
import { type Bytes, minuteMs } from '../src/base/index.ts';
import { type ReleaseManifest, releaseUri, type SignedRelease, signRelease } from '../src/enrol/index.ts';
import { exportPublicKey, generateKeyPair, parseCertificate } from '../src/pki/index.ts';
import { Keystore } from '../src/trust/index.ts';
import { daysLater } from './rig/clock.ts';
import { isBuilt, type ProgramResult, RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { errorIn } from './rig/refusal.ts';
import { type Passing, TamperedLine } from './rig/tampered-line.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const checkout = join(import.meta.dirname, '..');
const { version: runs } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
  version: string;
};
const packageBytes = 3_000_000;

describe('an update', { skip: !isBuilt && 'what is updated is the built program' }, () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  let line: TamperedLine;
  let program = '';

  before(async () => {
    place = temporaryDirectory();
    program = installedByNpm(join(place.path, 'npm'));
    network = await Network.start(join(place.path, 'server'));
    laptop = await network.join('laptop', join(place.path, 'laptop'));
    line = await TamperedLine.to(network.port + 2);
    goOver(laptop, line);
  });

  after(async () => {
    await line?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
    place?.[Symbol.dispose]();
  });

  beforeEach(() => {
    line.tamper = undefined;
    line.asked.length = 0;
  });

  /** Runs a command of the client by the program that npm installed. */
  async function run(words: readonly string[], expected = 0, env = {}): Promise<ProgramResult> {
    const all = [...words, '--home', laptop.home, '--json'];
    return await runProgram(program, all, { env: { HOME: laptop.directory, ...env }, expected });
  }
  const update = async (...words: string[]) => JSON.parse((await run(['update', ...words])).stdout);
  const fileOf = (version: string): string => `holdfast-${version}.tgz`;
  const downloads = (): string[] => {
    const directory = join(laptop.home, 'node/updates');
    return existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
  };

  /** Publishes a version, and gives what is in its file. */
  async function publish(version: string): Promise<Buffer> {
    const bytes = tgzOf(version);
    writeFileSync(join(place.path, fileOf(version)), bytes);
    if (version === '0.2.0') await network.run(['release', 'publish', join(place.path, fileOf(version))]);
    else {
      const { id } = await network.ask<{ id: string }>('release.piece', { piece: '' });
      for (let from = 0; from < bytes.length; from += 384 * 1024) {
        const piece = bytes.subarray(from, from + 384 * 1024).toString('base64');
        await network.ask('release.piece', { id, piece });
      }
      await network.ask('release.publish', { version, files: [{ id, name: fileOf(version) }] });
    }
    return bytes;
  }

  /** Asserts that an update is refused by this name, with nothing downloaded and nothing changed. */
  async function refused(
    code: string,
    exit: number,
    words: readonly string[] = [],
    env = {},
  ): Promise<string> {
    const before = JSON.stringify([downloads(), stateOf(laptop)]);
    const result = await run(['update', ...words], exit, env);
    const error = errorIn(result);
    assert.equal(error.code, code, result.stderr);
    assert.equal(JSON.stringify([downloads(), stateOf(laptop)]), before, `${code}: nothing changed`);
    return error.message;
  }

  it('is none while nothing is offered', async () => {
    const nothing = { runs, offered: null, sequence: null, newer: false, done: 'nothing' };
    assert.deepEqual(await update(), { ...nothing, file: null, bytes: null, path: null, command: null });
  });

  it('is announced, downloaded over a plain line, verified and kept until it is installed', async () => {
    const bytes = await publish('0.2.0');
    const checked = JSON.parse((await run(['update', '--check'], 4)).stdout);
    assert.deepEqual([checked.offered, checked.newer, checked.done], ['0.2.0', true, 'nothing']);
    const dry = await update('--dry-run');
    const path = join(laptop.home, 'node/updates/0.2.0', fileOf('0.2.0'));
    assert.deepEqual([dry.done, dry.path, dry.bytes], ['nothing', path, packageBytes]);
    assert.deepEqual(downloads(), []);
    const done = await update();
    assert.deepEqual([done.done, done.path], ['downloaded', path]);
    assert.deepEqual(done.command, ['npm', 'install', '--global', path]);
    assert.ok(readFileSync(path).equals(bytes));
    assert.equal(statSync(path).mode & 0o777, 0o600);
    line.asked.length = 0;
    assert.equal((await update()).done, 'downloaded');
    assert.deepEqual(line.asked, ['/-/releases'], 'nothing comes twice');
    const { warnings } = JSON.parse((await run(['status'])).stdout);
    assert.match(
      warnings.join('\n'),
      new RegExp(`0\\.2\\.0 is published, and ${runs} runs here: holdfast update`),
    );
  });

  it('goes on where its line was cut, and where it was killed', async () => {
    const bytes = await publish('0.3.0');
    const half = packageBytes / 2;
    let cuts = 0;
    line.tamper = ({ path, status, headers, body }, response) => {
      if (!path.endsWith('.tgz') || status !== 200) return;
      cuts += 1;
      response.writeHead(status, headers).write(body.subarray(0, half), () => response.destroy());
    };
    const { path } = await update();
    assert.ok(readFileSync(path).equals(bytes));
    assert.equal(cuts, 1);
    const [, first, second] = line.asked;
    assert.equal(first, `/-/releases/0.3.0/${fileOf('0.3.0')}`);
    assert.match(second ?? '', /bytes=[1-9]\d+-$/, 'what had come does not come again');

    await publish('0.3.1');
    const stalled = Promise.withResolvers<void>();
    line.tamper = ({ path: asked, status, headers, body }, response) => {
      if (asked.endsWith('.tgz'))
        response.writeHead(status, headers).write(body.subarray(0, half), () => stalled.resolve());
    };
    const words = ['update', '--home', laptop.home];
    const killed = new RunningProgram(words, { program, env: { HOME: laptop.directory } });
    await stalled.promise;
    const part = join(laptop.home, 'node/updates/0.3.1', `${fileOf('0.3.1')}.part`);
    while (!existsSync(part) || statSync(part).size === 0) await setImmediate();
    await killed.stop('SIGKILL');
    line.tamper = undefined;
    line.asked.length = 0;
    assert.equal((await runProgram(program, ['--version'])).stdout, `${runs}\n`);
    assert.ok(readFileSync((await update()).path).equals(tgzOf('0.3.1')));
    assert.match(line.asked.at(-1) ?? '', /bytes=[1-9]\d+-$/);
  });

  it('whose bytes are other than those that were signed is refused, and nothing of it is kept', async () => {
    const before = await publish('0.4.0');
    await update();
    const good = await publish('0.4.1');
    const ofFile = (send: (passing: Passing, response: ServerResponse) => void): void => {
      line.tamper = (passing, response) => {
        if (passing.path.endsWith('.tgz')) send(passing, response);
      };
    };
    await run(['update', '--check'], 4);
    const flipped = Buffer.from(good);
    flipped[1_234_567] = (flipped[1_234_567] ?? 0) ^ 1;
    ofFile(({ headers }, response) => response.writeHead(200, headers).end(flipped));
    assert.match(await refusedFile('update_altered'), /SHA-256/);
    // Of two releases: a file of the one before, as long as the one that was signed.
    ofFile(({ headers }, response) => response.writeHead(200, headers).end(before));
    await refusedFile('update_altered');
    ofFile((_, response) => response.writeHead(200, { 'content-length': 1000 }).end(good.subarray(0, 1000)));
    assert.match(await refusedFile('update_truncated'), /1000 bytes/);
    ofFile((_, response) => response.writeHead(200).end(good.subarray(0, 1000)));
    await refusedFile('update_truncated');
    ofFile((_, response) => response.writeHead(200, { 'content-length': packageBytes + 1 }).end());
    assert.match(await refusedFile('update_altered'), /announced/);
    ofFile((_, response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536), more));
      more();
    });
    await refusedFile('update_altered');
    line.tamper = undefined;
    assert.ok(readFileSync((await update()).path).equals(good));

    async function refusedFile(code: string): Promise<string> {
      const result = await run(['update'], 23);
      assert.equal(errorIn(result).code, code, result.stderr);
      assert.deepEqual(
        downloads().filter((name) => name.endsWith('.tgz') || name.endsWith('.part')),
        [],
        'nothing of it is kept',
      );
      return errorIn(result).message;
    }
  });

  it('by a manifest that was altered, that has no end, or that is older, is refused', async () => {
    const old = await manifestNow();
    await publish('0.5.0');
    await update();
    const present = await manifestNow();
    instead({ ...present, manifest: present.manifest.replace('0.5.0', '0.9.0') });
    await refused('update_altered', 23);
    instead({ ...present, signature: old.signature });
    await refused('update_altered', 23);
    instead({ ...present, manifest: old.manifest });
    await refused('update_altered', 23);
    instead({ hello: 'world' });
    await refused('update_altered', 23);
    line.tamper = (_, response) => {
      response.writeHead(200);
      const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536, 'x'), more));
      more();
    };
    await refused('update_altered', 23);
    instead(old);
    assert.match(await refused('update_older', 23), /has seen 0\.5\.0/);
    line.tamper = (_, response) =>
      void response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"code":"object_not_found","message":"no"}');
    await refused('update_older', 23);
  });

  it('signed by somebody who may not is refused', async () => {
    const present = await manifestNow();
    const manifest: ReleaseManifest = { ...JSON.parse(present.manifest), version: '9.9.9' };
    const forged = (key: KeyObject, chain: readonly Bytes[]): void =>
      instead(signRelease({ ...manifest, sequence: manifest.sequence + 1 }, { key, chain }));
    const ada = network.client('ada', join(place.path, 'ada'));
    await ada.run(['join', await network.joinCode('ada', ['--role', 'admin'])]);
    for (const [home, label] of [
      [laptop.home, 'node'],
      [ada.home, 'node'],
      [network.home, 'server'],
    ] as const) {
      const keystore = await Keystore.open(join(home, 'node'));
      forged(keystore.key(label), keystore.certificate(label));
      assert.match(await refused('update_not_trusted', 21), /not for codeSigning/);
    }

    const authority = await Keystore.open(join(network.home, 'authority'));
    forged(authority.key('issuing-1'), present.chain.slice(1).map(fromBase64));
    assert.match(await refused('update_not_trusted', 21), /is an authority|issuing-1/);
    await using other = await SampleHome.open({ network: 'network.test' });
    const id = await other.authority.releases.bring(tgzOf('9.9.9'), { by: 'admin/local' });
    const files = [{ id, name: fileOf('9.9.9') }];
    await other.authority.releases.publish({ version: '9.9.9', files, by: 'admin/local' });
    instead((await other.authority.releases.signed()) ?? {});
    assert.match(await refused('update_not_trusted', 21), /trusted authority|valid from/);

    // One that the key of the authority has signed for the purpose, but for the time.
    const { privateKey: key, publicKey } = await generateKeyPair('ed25519');
    const [issuing = new Uint8Array()] = present.chain.slice(1).map(fromBase64);
    const wanted = { label: 'issuing-1', certificate: parseCertificate(issuing) };
    const der = createReleaseCertificate(wanted, authority.key('issuing-1'), {
      network: 'network.test',
      statusAddress: `http://127.0.0.1:${network.port + 2}`,
      spki: exportPublicKey(publicKey),
      nowMs: Date.now() - minuteMs,
    });
    const [name] = parseCertificate(der).extensions.subjectAltNames;
    assert.deepEqual(name, { kind: 'uri', value: releaseUri('network.test') });
    forged(key, [der, issuing]);
    assert.match(await refused('update_not_trusted', 21, [], daysLater(40)), /expired/);
  });

  it('signed with a certificate that was revoked is refused, and the next one is taken', async () => {
    const before = await manifestNow();
    const [leaf = ''] = before.chain;
    const { serial } = parseCertificate(fromBase64(leaf));
    await network.run(['cert', 'revoke', serial, '--serial', '--reason', 'keyCompromise', '--yes']);
    let now = await manifestNow();
    while (now.chain[0] === leaf) now = await manifestNow();
    await publish('0.6.0');
    const desk = await network.join('desk', join(place.path, 'desk'));
    goOver(desk, line);
    instead(before);
    const words = ['update', '--check', '--home', desk.home, '--json'];
    await desk.run(['client', 'set', 'revocation', 'hard']);
    const result = await runProgram(program, words, { env: { HOME: desk.directory }, expected: 21 });
    assert.equal(errorIn(result).code, 'update_not_trusted', result.stderr);
    assert.match(errorIn(result).message, /revoked/);
    line.tamper = undefined;
    await runProgram(program, words, { env: { HOME: desk.directory }, expected: 4 });
  });

  it('that was withdrawn is offered no more, and the log has all of it', async () => {
    await network.run(['release', 'withdraw', '0.6.0']);
    const { offered, newer } = await update();
    assert.deepEqual([offered, newer], [null, false]);
    const [newest] = JSON.parse((await network.run(['release', 'list', '--json'])).stdout);
    assert.equal(`${newest.version} ${newest.state}`, '0.6.0 withdrawn');
    await network.ask('audit.verify');
    const kind = 'release signed';
    const { records } = await network.ask<{ records: { details: { why: string } }[] }>('audit.list', {
      kind,
      limit: 100,
    });
    assert.deepEqual([...new Set(records.map(({ details }) => details.why))].sort(), [
      'published',
      'renewed',
      'withdrawn',
    ]);
  });

  async function manifestNow(): Promise<SignedRelease> {
    const answer = await fetch(`http://127.0.0.1:${network.port + 2}/-/releases`);
    return (await answer.json()) as SignedRelease;
  }

  /** Answers with this in the place of every manifest. */
  function instead(value: object): void {
    line.tamper = ({ path }, response) => {
      if (path === '/-/releases')
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
  }
});

/** Lays the built program out as npm does, where it is installed for all. Gives its launcher. */
function installedByNpm(directory: string): string {
  const root = join(directory, 'node_modules/holdfast');
  mkdirSync(root, { recursive: true });
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(checkout, part), join(root, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
  return join(root, 'bin/holdfast');
}

/** Has a client ask over a line. */
function goOver({ home }: NetworkClient, { address }: TamperedLine): void {
  const path = join(home, 'node/node.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), statusAddress: address }));
}

function stateOf({ home }: NetworkClient): unknown {
  const { release } = JSON.parse(readFileSync(join(home, 'node/node.json'), 'utf8')) as { release?: unknown };
  return release;
}

/** Bytes that begin as gzip does, others for each version. */
function tgzOf(version: string): Buffer {
  const bytes = new Prng(version).bytes(packageBytes);
  bytes.set([0x1f, 0x8b]);
  return bytes;
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
