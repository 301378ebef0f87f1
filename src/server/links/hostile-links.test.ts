import assert from 'node:assert/strict';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { freePorts } from '../../../test/rig/free-ports.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { isHoldfastError, minuteMs, silentLog, systemClock } from '../../base/index.ts';
import { linksListener } from '../../policy/index.ts';
import { dialSite, Links, openPairing, pairWith, testSite, trustPartner } from '../../sync/index.ts';
import { askHttp, Hot, listen, PinnedDialer, receiveText, serveHttp } from '../../transport/index.ts';
import { startLinkService } from './link-service.ts';

const clock = systemClock;

async function makeSite(
  directory: string,
  site: string,
): Promise<{ readonly home: string; readonly port: number }> {
  const port = await freePorts(1);
  const home = join(directory, site);
  await Links.generate(home, {
    site,
    network: `${site}.example`,
    networkRoot: `SHA256:${site}`,
    shares: 'all',
    addresses: [`127.0.0.1:${port}`],
    port,
    host: '127.0.0.1',
    algorithm: 'p256',
    nowMs: clock.now(),
  });
  return { home, port };
}

/** Answers at `port` with the certificate of `links`, whatever `answer` says. */
async function impersonate(links: Links, port: number, answer: RequestListener): Promise<AsyncDisposable> {
  return await listen({
    policy: linksListener({ port, host: '127.0.0.1' }),
    onConnection: serveHttp(createHttp(answer)),
    credentials: new Hot(links.credentials('server')),
    log: silentLog,
  });
}

/** A line to `target` that is cut when so many bytes have come back over it. */
async function lineCutAfter(
  target: number,
  bytes: number,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = await freePorts(1);
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    let left = bytes;
    for (const end of [near, far])
      end.on('error', () => {}).on('close', () => (near.destroy(), far.destroy()));
    near.pipe(far);
    far.on('data', (chunk) => {
      left -= chunk.length;
      if (left < 0) near.destroy();
      else near.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

const withoutPartners = (links: Links): Promise<Links> =>
  links.change((state) => ({ ...state, partners: [] }));

describe('a line between two sites', () => {
  it('that breaks while they pair burns no code: the same one is as good as before', async () => {
    using directory = temporaryDirectory();
    const one = await makeSite(directory.path, 'one');
    const two = await makeSite(directory.path, 'two');
    await using _service = await startLinkService({ directory: one.home, clock, log: silentLog });
    let broken = 0;
    for (const bytes of [0, 1500, 2500, 3000, 3500, 4000, 6000]) {
      const { words } = await openPairing(await Links.open(one.home), { lifetimeMs: minuteMs, clock });
      await using line = await lineCutAfter(one.port, bytes);
      const over = (port: number) => ({ code: { words, address: `127.0.0.1:${port}` }, clock });
      try {
        await pairWith(await Links.open(two.home), over(line.port));
      } catch (error) {
        assert.ok(isHoldfastError(error) && error.code !== 'pairing_refused', String(error));
        broken++;
      }
      assert.notEqual((await Links.open(one.home)).state.offer?.state, 'burnt', `${bytes} bytes`);
      const { name } = await pairWith(await Links.open(two.home), over(one.port));
      assert.equal(name, 'one');
      await withoutPartners(await Links.open(one.home));
      await withoutPartners(await Links.open(two.home));
    }
    assert.ok(broken >= 4, `${broken} lines broke`);
  });

  it('in the middle of which somebody stands brings neither side to confirm, though the code is right', async () => {
    using directory = temporaryDirectory();
    const one = await makeSite(directory.path, 'one');
    const two = await makeSite(directory.path, 'two');
    const middle = await makeSite(directory.path, 'middle');
    await using _service = await startLinkService({ directory: one.home, clock, log: silentLog });
    using dialer = new PinnedDialer({ judge: () => {}, maxSockets: 1 });
    const passed: string[] = [];
    await using _middle = await impersonate(
      await Links.open(middle.home),
      middle.port,
      (request, response) => {
        const pass = async (): Promise<void> => {
          const body = Buffer.concat(await Array.fromAsync(request));
          const answer = await askHttp({
            method: request.method === 'GET' ? 'GET' : 'POST',
            url: new URL(request.url ?? '/', `https://127.0.0.1:${one.port}`),
            headers: { 'content-type': 'application/json', 'holdfast-link': '1' },
            agent: dialer.agent(),
            ...(body.length > 0 && { body: { chunks: [body], size: body.length } }),
          });
          passed.push(`${request.url} ${answer.status}`);
          response.writeHead(answer.status, { 'content-type': 'application/json' });
          response.end(await receiveText(answer, 1_000_000));
        };
        pass().catch(() => response.destroy());
      },
    );
    const { words } = await openPairing(await Links.open(one.home), { lifetimeMs: minuteMs, clock });
    const code = { words, address: `127.0.0.1:${middle.port}` };
    await assert.rejects(pairWith(await Links.open(two.home), { code, clock }), { code: 'pairing_refused' });
    assert.deepEqual(passed, ['/-/link/hello 200', '/-/link/pair/start 200', '/-/link/pair/confirm 403']);
    const [first, second] = [await Links.open(one.home), await Links.open(two.home)];
    assert.deepEqual([...first.partners, ...second.partners], []);
    assert.equal(first.state.offer?.state, 'burnt');
    await assert.rejects(pairWith(second, { code, clock }), { code: 'pairing_refused', message: /burnt/ });
  });

  it('is told apart by what is wrong: another version, something else, nobody', async () => {
    using directory = temporaryDirectory();
    const one = await makeSite(directory.path, 'one');
    const two = await makeSite(directory.path, 'two');
    const theirs = await Links.open(one.home);
    const links = await (await Links.open(two.home)).change(
      (state) => trustPartner(state, { bundle: theirs.own, by: 'files', nowMs: clock.now() }).state,
    );
    const dialed = async (answer: RequestListener): Promise<unknown> => {
      await using _other = await impersonate(theirs, one.port, answer);
      return await dialSite(links, 'one', { clock }).catch((error: unknown) => error);
    };
    const newer = await dialed((_request, response) =>
      response.end(JSON.stringify({ holdfastLink: [2, 3], program: '9.0.0' })),
    );
    assert.ok(isHoldfastError(newer, 'link_versions_differ'));
    assert.match(newer.message, /version 2, 3 .* by Holdfast 9\.0\.0; this program speaks 1/);
    const answers: RequestListener[] = [
      (_request, response) => response.writeHead(404).end(),
      (_request, response) => response.end('<html>'),
      (_request, response) => response.end('{}'),
      (_request, response) => response.end('x'.repeat(3_000_000)),
    ];
    for (const answer of answers) assert.ok(isHoldfastError(await dialed(answer), 'link_service_down'));
    const { there, back } = await testSite(links, 'one', { clock });
    assert.deepEqual(back, []);
    assert.equal(there.at(-1)?.code, 'link_service_down');
  });
});
