import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { forEver, malformedAnswers, rawServer } from '../../test/rig/raw-server.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { connectAdmin } from './connect-admin.ts';

describe('an answer of the admin API that is', () => {
  for (const [what, bytes] of Object.entries(malformedAnswers)) {
    it(`${what} is an error that says so`, async () => {
      using place = temporaryDirectory();
      const path = join(place.path, 'admin.sock');
      await using _server = await rawServer(bytes, path);
      const result = await connectAdmin(path).catch((error: unknown) => error);
      // What has another status than expected, or half of a body, is told apart from what is no HTTP.
      assert.ok(result instanceof HoldfastError, String(result));
      assert.notEqual(result.message, '');
    });
  }

  it('without end is bounded', async () => {
    using place = temporaryDirectory();
    const path = join(place.path, 'admin.sock');
    const interim = forEver('HTTP/1.1 102 Processing\r\n\r\n');
    await using _server = await rawServer(interim, path);
    await assert.rejects(connectAdmin(path), (error) => isHoldfastError(error, 'answer_malformed'));
  });
});
