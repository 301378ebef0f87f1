import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
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
      isHoldfastError(error, 'connection_failed'),
    );
    assert.throws(
      () => new HttpFiles('ftp://host/dir'),
      (error) => isHoldfastError(error, 'settings_invalid'),
    );
  });

  it('show no password in their name', () => {
    assert.match(new HttpFiles(url).name, /^http:\/\/127\.0\.0\.1:\d+\/dir\/$/);
  });
});
