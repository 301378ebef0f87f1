import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { forEver, malformedAnswers, rawServer } from '../../test/rig/raw-server.ts';
import { HoldfastError } from '../base/index.ts';
import { refOf, sampleBytes } from '../storage/object-store.contract.ts';
import { Line } from '../transport/index.ts';
import { HttpFiles } from './http-files.ts';
import { RestStore } from './rest-store.ts';

const sample = sampleBytes(1000);
const ref = refOf('data', sample);
const once = (): Line => new Line({ backOff: () => undefined });

/** Everything that is asked of a store, and of files on a web server. */
function asked(port: number): Readonly<Record<string, () => Promise<unknown>>> {
  const url = `http://127.0.0.1:${port}/me/`;
  const store = new RestStore({ url, agent: new Agent({ keepAlive: true }), line: once() });
  const files = new HttpFiles(url);
  return {
    read: () => store.read(ref, { range: { offset: 5, length: 10 } }),
    list: () => store.list('snapshots'),
    write: () => store.write(ref, [sample], { size: sample.length }),
    remove: () => store.remove(ref),
    file: () => files.read('a', 10),
  };
}

describe('an answer of a store that is', () => {
  for (const [what, bytes] of Object.entries(malformedAnswers)) {
    it(`${what} is an error that says so, whatever was asked`, async () => {
      await using server = await rawServer(bytes);
      for (const [name, ask] of Object.entries(asked(server.port))) {
        const result = await ask().then(
          () => 'done',
          (error: unknown) => error,
        );
        // Some of these are answers to some of what is asked.
        if (result === 'done') continue;
        assert.ok(result instanceof HoldfastError, `${name}: ${String(result)}`);
        assert.match(result.message, /\S/);
      }
    });
  }

  const endless: Readonly<Record<string, ReturnType<typeof forEver>>> = {
    'answers before the answer': forEver('HTTP/1.1 100 Continue\r\n\r\n'),
    headers: forEver('x: y\r\n', 'HTTP/1.1 200 OK\r\n'),
    'a list': forEver(
      `{"name":"${'ab'.repeat(32)}","size":1},`,
      'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.x.restic.rest.v2\r\n\r\n[',
    ),
    spaces: forEver(' '.repeat(100), 'HTTP/1.1 200 OK\r\n\r\n['),
    'an error': forEver('x'.repeat(100), 'HTTP/1.1 400 Bad\r\n\r\n'),
  };
  for (const [what, answer] of Object.entries(endless)) {
    it(`${what} without end is bounded`, async () => {
      await using server = await rawServer(answer);
      const { list, remove, file } = asked(server.port);
      for (const ask of [list, remove, file]) await assert.rejects(async () => await ask?.(), HoldfastError);
    });
  }
});
