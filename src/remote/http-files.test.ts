import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ErrorCode, isHoldfastError } from '../base/index.ts';
import { HttpFiles } from './http-files.ts';

describe('files on a web server', () => {
  const kept = new Map<string, Buffer>();
  let server: Server;
  let url: string;
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-http-'));
    server = createServer((request, response) => {
      const name = request.url ?? '';
      const body = request.toArray() as Promise<Buffer[]>;
      void body.then((pieces) => {
        if (request.headers.authorization !== `Basic ${btoa('me:secret')}`) response.writeHead(401);
        else if (request.method === 'PUT') response.writeHead(kept.set(name, Buffer.concat(pieces)) && 201);
        else if (!kept.has(name)) response.writeHead(404);
        else if (request.method === 'DELETE') response.writeHead(kept.delete(name) ? 204 : 500);
        else response.write(kept.get(name));
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/dir`;
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });

  it('are written, read, replaced and removed, small ones in memory and large ones as files', async () => {
    const files = new HttpFiles(url);
    assert.equal(await files.read('a', 100), undefined);
    await files.write('a', Buffer.from('one'));
    await files.write('a', Buffer.from('two'));
    assert.equal(Buffer.from((await files.read('a', 100)) ?? []).toString(), 'two');
    const large = join(directory, 'large');
    await writeFile(large, Buffer.alloc(3_000_000, 'x'));
    await files.store('large', large);
    await files.fetch('large', join(directory, 'back'), 3_000_000);
    assert.deepEqual(await readFile(join(directory, 'back')), await readFile(large));
    await files.remove('large');
    await files.remove('large');
    assert.deepEqual([...kept.keys()], ['/dir/a']);
  });

  it('are refused by name when they are too long, may not be had, or nobody answers', async () => {
    const files = new HttpFiles(url);
    await files.write('long', Buffer.alloc(1000));
    await assert.rejects(files.read('long', 999), (error) => isHoldfastError(error, 'storage_failed'));
    const stranger = new HttpFiles(url.replace('secret', 'guess'));
    await assert.rejects(stranger.read('a', 100), (error) => isHoldfastError(error, 'storage_failed'));
    const nobody = new HttpFiles('http://127.0.0.1:1/dir');
    await assert.rejects(nobody.write('a', Buffer.alloc(1)), (error) =>
      isHoldfastError(error, 'connection_refused'),
    );
    assert.throws(
      () => new HttpFiles('ftp://host/dir'),
      (error) => isHoldfastError(error, 'settings_invalid'),
    );
  });

  it('say what a server answered that is no success, and what is to be done there', async () => {
    const answers: [status: number, code: ErrorCode, said: RegExp][] = [
      [301, 'storage_failed', /it is at http:\/\/other\.test\/ instead: name that address/],
      [403, 'storage_failed', /answered 403: files may not be written there/],
      [405, 'storage_failed', /answered 405: this server takes no PUT/],
      [409, 'storage_failed', /answered 409: make that directory there first/],
      [413, 'storage_failed', /answered 413 to 4 bytes: raise the size/],
      [500, 'storage_failed', /answered 500: see the log of that server/],
      [503, 'server_unavailable', /answered 503/],
      [507, 'storage_full', /there is no room left: make room there/],
    ];
    for (const [status, code, said] of answers) {
      await using stub = await serve((_request, response) =>
        response
          .writeHead(status, status === 301 ? { location: 'http://me:secret@other.test/' } : {})
          .end('no'),
      );
      await assert.rejects(new HttpFiles(stub.url).write('a', Buffer.from('four')), (error) => {
        assert.ok(isHoldfastError(error, code), String(error));
        assert.match(`${error.message}: ${error.hint}`, said);
        return true;
      });
    }
  });

  it('are not half read when the connection is cut, and nothing is left of them', async () => {
    await using stub = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half of it', () => response.destroy());
    });
    const files = new HttpFiles(stub.url);
    const isLost = (error: unknown): boolean => isHoldfastError(error, 'connection_reset');
    await assert.rejects(files.read('a', 100), isLost);
    await assert.rejects(files.fetch('a', join(directory, 'cut'), 100), isLost);
    await assert.rejects(readFile(join(directory, 'cut')), /ENOENT/);
  });

  it('are asked for again when a connection that was kept is closed as it is used', async () => {
    let requests = 0;
    await using stub = await serve((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
      else response.end('here');
    });
    const files = new HttpFiles(stub.url);
    for (let n = 0; n < 2; n++)
      assert.equal(Buffer.from((await files.read('a', 100)) ?? []).toString(), 'here');
    assert.equal(requests, 3);
  });

  it('show no password in their name', () => {
    assert.match(new HttpFiles(url).name, /^http:\/\/127\.0\.0\.1:\d+\/dir\/$/);
  });
});

/** A web server of one answer, until its scope ends. */
async function serve(listener: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
