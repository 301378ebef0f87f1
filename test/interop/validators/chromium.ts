import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { certificatePem } from '../../../src/pki/index.ts';
import { RunningProgram } from '../../rig/holdfast-process.ts';
import type { Judgement } from './judgement.ts';
import { createNssDatabase } from './nss.ts';
import type { Shape } from './shapes.ts';

/** How Chromium is started where nobody looks at it. */
export const chromiumWords = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * 127.0.0.1',
];

/**
 * A real Chromium that trusts the roots: a page fetches from a TLS server for each shape of a server, under the name it is
 * called by. What is a client's is no matter of a browser, and `not asked`.
 */
export async function judgeByChromium(directory: string, shapes: readonly Shape[]): Promise<Judgement[]> {
  const home = join(directory, 'chromium');
  // Where it looks has changed with its versions.
  for (const place of ['.pki/nssdb', '.local/share/pki/nssdb'])
    await createNssDatabase(join(home, place), shapes);
  await using servers = new AsyncDisposableStack();
  const urls: (string | undefined)[] = [];
  for (const shape of shapes) urls.push(shape.host === undefined ? undefined : await serve(shape, servers));
  const page = createServer();
  const port = await listen(page, servers);
  const answer = fetchedBy(page, urls);
  const profile = `--user-data-dir=${join(home, 'profile')}`;
  await using _browser = new RunningProgram([...chromiumWords, profile, `http://127.0.0.1:${port}/`], {
    program: 'chromium',
    env: { HOME: home },
  });
  return JSON.parse(await answer) as Judgement[];
}

async function serve(
  { host, leaf, issuing, leafKeys }: Shape,
  servers: AsyncDisposableStack,
): Promise<string> {
  const key = leafKeys.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const cert = certificatePem(leaf) + certificatePem(issuing);
  const port = await listen(
    createTlsServer({ key, cert }, (_request, response) => response.end()),
    servers,
  );
  return `https://${host?.includes(':') ? `[${host}]` : host}:${port}/`;
}

async function listen(server: Server, servers: AsyncDisposableStack): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.defer(async () => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Serves the page that fetches from `urls`, and resolves with what it posts: what became of each, as JSON. */
export function fetchedBy(page: Server, urls: readonly (string | undefined)[]): Promise<string> {
  const script = `
    // What is refused is refused twice; a connection that a busy machine lost is not.
    const ask = (url) => fetch(url, { mode: 'no-cors' });
    const outcome = (url) => url === null ? 'not asked'
      : ask(url).catch(() => ask(url)).then(() => 'ok', (problem) => 'refused ' + problem);
    (async () => {
      const outcomes = [];
      for (const url of ${JSON.stringify(urls.map((url) => url ?? null))}) outcomes.push(await outcome(url));
      await fetch('/', { method: 'POST', body: JSON.stringify(outcomes) });
    })();`;
  return new Promise((resolve, reject) => {
    page.on('request', (request, response) => {
      if (request.method === 'POST') void text(request).then(resolve, reject);
      response.setHeader('content-type', 'text/html');
      response.end(`<script>${script}</script>`);
    });
  });
}
