import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { certificatesFromPem } from '../src/pki/index.ts';
import {
  expectedSeal,
  isSealed,
  sealHeader,
  type Ticket,
  type TicketOrder,
  ticketHeader,
} from '../src/transport/index.ts';
import { endingWithUs } from './rig/ending-with-us.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const place = temporaryDirectory();
/** Stands in the files that are backed up, and nowhere else. */
const secret = 'nobody on the way may read this';
let network: Network;
let alpha: NetworkClient;
let files: string;
let certificate: Buffer;
let ca: Buffer;

before(async () => {
  network = await Network.start(join(place.path, 'network'));
  alpha = await network.join('alpha', join(place.path, 'alpha'));
  files = join(place.path, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'text'), `${secret}\n`.repeat(1000));
  writeFileSync(join(files, 'random'), randomBytes(4_000_000));
  await alpha.run(['cert', 'export', '--layout', 'restic', join(place.path, 'restic')]);
  certificate = readFileSync(join(place.path, 'restic/client.pem'));
  ca = readFileSync(join(place.path, 'restic/ca.pem'));
  assert.equal(certificatesFromPem(ca.toString()).length, 1);
  await network.run(['policy', 'set', 'dataChannel', 'plain']);
});

after(async () => {
  await network[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

/** All that passes on a plain port while `work` is done: an eavesdropper's view. */
async function overheard(port: number, work: () => Promise<unknown>): Promise<Buffer> {
  const path = join(place.path, `${randomBytes(4).toString('hex')}.pcap`);
  // All that passes has room, in KiB, when the listener gets no turn for a while.
  const room = ['-B', '65536'];
  const words = ['-i', 'lo', '-Z', 'root', '-U', '--immediate-mode', ...room, '-w', path, `tcp port ${port}`];
  const listening = spawn(...endingWithUs('tcpdump', words), { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(listening, 'exit');
  try {
    for await (const line of createInterface(listening.stderr)) if (line.includes('listening on lo')) break;
    await work();
  } finally {
    listening.kill('SIGTERM');
    await exit;
  }
  return readFileSync(path);
}

/** Asks for tickets as alpha. */
async function tickets(
  orders: readonly TicketOrder[],
): Promise<{ status: number; tickets: readonly Ticket[] }> {
  const body = JSON.stringify({ version: 1, orders });
  const outgoing = secureRequest(`https://127.0.0.1:${network.port}/-/control/tickets`, {
    agent: false,
    method: 'POST',
    ca,
    cert: certificate,
    key: certificate,
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  }).end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const answer = JSON.parse(await text(response)) as { channel?: { port: number; tickets: Ticket[] } };
  if (answer.channel !== undefined) assert.equal(answer.channel.port, network.port + 2);
  return { status: response.statusCode ?? 0, tickets: answer.channel?.tickets ?? [] };
}

async function ticketFor(order: TicketOrder): Promise<Ticket> {
  const [ticket] = (await tickets([order])).tickets;
  assert.ok(ticket);
  return ticket;
}

interface PlainAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly seal: string;
}

async function plain(
  { method, path }: Pick<TicketOrder, 'method' | 'path'>,
  headers: Record<string, string>,
  body?: Buffer,
): Promise<PlainAnswer> {
  const url = `http://127.0.0.1:${network.port + 2}${path}`;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const outgoing = plainRequest(url, { agent: false, method, headers: { ...length, ...headers } }).end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const seal = String(response.headers[sealHeader] ?? '');
  return { status: response.statusCode ?? 0, body: await buffer(response), seal };
}

const codeOf = ({ body }: PlainAnswer): unknown => (JSON.parse(body.toString()) as { code: unknown }).code;

function newPack(): { bytes: Buffer; order: TicketOrder } {
  const bytes = randomBytes(1000);
  const name = createHash('sha256').update(bytes).digest('hex');
  return { bytes, order: { method: 'POST', path: `/alpha/data/${name}`, offset: 0, length: bytes.length } };
}

describe('the plain data channel', () => {
  it('carries what clients have encrypted, by tickets, and everything else goes over TLS', async () => {
    const port = network.port + 2;
    const backup = await overheard(port, () => alpha.run(['backup', files]));
    assert.ok(backup.length > 3_000_000, `${backup.length} bytes passed`);
    assert.ok(backup.includes('Holdfast-Ticket'));
    assert.ok(!backup.includes(secret));
    for (const type of ['snapshots', 'index', 'keys', 'config', 'locks'])
      assert.ok(!backup.includes(`/alpha/${type}`), type);
    const target = join(place.path, 'restored');
    const restore = await overheard(port, () => alpha.run(['restore', 'latest', '--target', target]));
    assert.ok(restore.length > 3_000_000, `${restore.length} bytes passed`);
    assert.ok(!restore.includes(secret));
    for (const name of ['text', 'random'])
      assert.deepEqual(readFileSync(join(target, files, name)), readFileSync(join(files, name)));

    // Whoever has heard all of it sends it once more.
    const heard = backup.indexOf('POST /alpha/data/');
    assert.ok(heard > 0);
    const head = backup.subarray(heard, backup.indexOf('\r\n\r\n', heard) + 4);
    const socket = connect(port, '127.0.0.1').end(head);
    assert.match(await text(socket), /^HTTP\/1.1 403 .*ticket_refused/s);
  });

  it('takes one request for each ticket: the very one that it is for', async () => {
    const { bytes, order } = newPack();
    assert.equal(codeOf(await plain(order, {}, bytes)), 'tls_required');
    const other = newPack();
    const wrong: Record<string, () => Promise<PlainAnswer>> = {
      'another object': async () =>
        await plain(other.order, { authorization: ticketHeader(await ticketFor(order)) }, other.bytes),
      'another length': async () =>
        await plain(order, { authorization: ticketHeader(await ticketFor(order)) }, bytes.subarray(1)),
      'another method': async () =>
        await plain({ ...order, method: 'GET' }, { authorization: ticketHeader(await ticketFor(order)) }),
      'an altered ticket': async () => {
        const header = ticketHeader(await ticketFor(order));
        return await plain(
          order,
          { authorization: header.replace(/.\./, (end) => (end[0] === 'A' ? 'B.' : 'A.')) },
          bytes,
        );
      },
      "another ticket's proof": async () => {
        const [mine, others] = [
          ticketHeader(await ticketFor(order)),
          ticketHeader(await ticketFor(other.order)),
        ];
        return await plain(order, { authorization: `${mine.split('.')[0]}.${others.split('.')[1]}` }, bytes);
      },
    };
    for (const [what, ask] of Object.entries(wrong)) {
      const answer = await ask();
      assert.deepEqual([what, answer.status, codeOf(answer)], [what, 403, 'ticket_refused']);
    }
    const ticket = await ticketFor(order);
    const authorization = ticketHeader(ticket);
    const stored = await plain(order, { authorization }, bytes);
    assert.equal(stored.status, 200);
    assert.ok(isSealed(expectedSeal(ticket, 200), Buffer.from(stored.seal, 'base64url')));
    assert.equal(codeOf(await plain(order, { authorization }, bytes)), 'ticket_refused');
    const part = { ...order, method: 'GET', offset: 10, length: 20 } as const;
    const wanted = await ticketFor(part);
    const range = { authorization: ticketHeader(wanted), range: 'bytes=10-29' };
    const { status, body } = await plain(part, range);
    assert.equal(status, 206);
    assert.deepEqual(body.subarray(0, 20), bytes.subarray(10, 30));
    assert.ok(isSealed(expectedSeal(wanted, 206).update(body.subarray(0, 20)), body.subarray(20)));
  });

  it('stores nothing under the name of other bytes', async () => {
    const { bytes, order } = newPack();
    const authorization = ticketHeader(await ticketFor(order));
    const answer = await plain(order, { authorization }, randomBytes(bytes.length));
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'object_corrupt']);
  });

  it('gives no ticket for what is not a pack of the client', async () => {
    const name = 'ab'.repeat(32);
    for (const path of [
      `/beta/data/${name}`,
      `/alpha/keys/${name}`,
      '/alpha/config',
      '/alpha/data/',
      '/-/status/x',
    ]) {
      const { status, tickets: given } = await tickets([{ method: 'POST', path, offset: 0, length: 10 }]);
      assert.deepEqual([path, status, given.length], [path, 403, 0]);
    }
  });

  it('is closed to whoever is revoked, and to all when the policy says TLS', async () => {
    const { bytes, order } = newPack();
    const early = ticketHeader(await ticketFor(order));
    await network.run(['policy', 'set', 'dataChannel', 'tls', '--yes']);
    assert.equal(codeOf(await plain(order, { authorization: early }, bytes)), 'tls_required');
    assert.deepEqual((await tickets([order])).tickets, []);
    const silent = await overheard(network.port + 2, () => alpha.run(['backup', files]));
    assert.ok(!silent.includes('/alpha/'));
    await network.run(['policy', 'set', 'dataChannel', 'plain']);
    const last = ticketHeader(await ticketFor(order));
    await network.run(['cert', 'revoke', 'alpha', '--yes']);
    assert.equal(codeOf(await plain(order, { authorization: last }, bytes)), 'ticket_refused');
  });
});
