import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, RunningProgram, runProgram } from '../rig/holdfast-process.ts';
import { Network, type NetworkClient } from '../rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';
import { chromiumWords, fetchedBy } from './validators/chromium.ts';

const notRoot = process.getuid?.() !== 0;

describe('Chromium and Firefox believe the server once the root was installed for its user', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const home = (): string => join(place.path, 'user');
  const run = (...words: string[]) =>
    runProgram(launcher, [...words, '--home', laptop.home], { env: { HOME: home() } });

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(join(place.path, 'server'));
    laptop = await network.join('laptop', join(place.path, 'laptop'));
    for (const name of databases) {
      mkdirSync(join(home(), name), { recursive: true });
      await runProgram('/usr/bin/certutil', ['-N', '-d', `sql:${join(home(), name)}`, '--empty-password']);
    }
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  /** What becomes of a page in that browser which fetches from the server: `ok`, or why not. */
  const fetchIn = async (program: string, words: readonly string[]): Promise<string> => {
    const page = createServer();
    await once(page.listen(0, '127.0.0.1'), 'listening');
    const answer = fetchedBy(page, [`https://localhost:${network.port + 1}/`]);
    const { port } = page.address() as AddressInfo;
    const options = { program, env: { HOME: home(), DISPLAY: undefined, XDG_RUNTIME_DIR: undefined } };
    await using _browser = new RunningProgram([...words, `http://127.0.0.1:${port}/`], options);
    try {
      return (JSON.parse(await answer) as string[]).join();
    } finally {
      page.closeAllConnections();
      page.close();
    }
  };

  const inBoth = async (): Promise<Record<string, string>> => ({
    chromium: await fetchIn('chromium', [...chromiumWords, `--user-data-dir=${join(home(), 'chromium')}`]),
    firefox: await fetchIn('firefox-esr', [
      '--headless',
      '--no-remote',
      '--profile',
      join(home(), firefoxProfile),
    ]),
  });

  it('and not before', { timeout: 240_000 }, async () => {
    const before = await inBoth();
    for (const [browser, outcome] of Object.entries(before)) assert.match(outcome, /^refused/, browser);
    await run('trust', 'install', '--scope', 'user', '--unconstrained');
    assert.deepEqual(await inBoth(), { chromium: 'ok', firefox: 'ok' });
  });

  it('and so does Java, by the stores of the machine', { skip: notRoot && 'needs root' }, async () => {
    writeFileSync(join(place.path, 'Fetch.java'), fetchJava);
    const url = `https://localhost:${network.port + 1}/`;
    const java = (expected: number) =>
      runProgram('java', [join(place.path, 'Fetch.java'), url], { expected });
    assert.match((await java(1)).stderr, /SSLHandshakeException/);
    await run('trust', 'install', '--scope', 'machine', '--unconstrained');
    try {
      await java(0);
    } finally {
      await run('trust', 'uninstall', '--scope', 'machine');
    }
    await java(1);
  });
});

/** Any answer will do. */
const fetchJava = `public class Fetch {
  public static void main(String[] words) throws Exception {
    var connection = (java.net.HttpURLConnection) java.net.URI.create(words[0]).toURL().openConnection();
    System.out.println(connection.getResponseCode());
  }
}
`;

const firefoxProfile = '.mozilla/firefox/x.default';
const databases = ['.pki/nssdb', '.local/share/pki/nssdb', firefoxProfile];
