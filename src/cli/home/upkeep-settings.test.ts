import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { isHoldfastError } from '../../base/index.ts';
import { Line } from '../../transport/index.ts';
import { backupPlace } from './upkeep-settings.ts';

test('a backup of the authority that is cut on its way to a web server is sent again, a while', async () => {
  using directory = temporaryDirectory();
  const file = join(directory.path, 'backup.age');
  writeFileSync(file, 'sealed');
  let cuts = 2;
  const sent: string[] = [];
  await using server = createServer((request, response) => {
    if (cuts-- > 0) return void request.socket.resetAndDestroy();
    void buffer(request).then((body) => {
      sent.push(body.toString());
      response.writeHead(201).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const line = new Line({ backOff: ({ count }) => (count < 3 ? 0 : undefined) });
  const place = backupPlace(url, '/', line);
  assert.ok(place.kind === 'remote');
  await place.store('name', file);
  assert.deepEqual(sent, ['sealed']);
  cuts = 10;
  await assert.rejects(place.store('name', file), (error) => isHoldfastError(error, 'connection_reset'));
  server.closeAllConnections();
});
