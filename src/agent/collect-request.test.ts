import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCertificateRequest, createName, generateKeyPair } from '../pki/index.ts';
import { Keystore } from '../trust/index.ts';
import { chosenRequest } from './collect-request.ts';
import { keepPending, listPending, noteSubmitted } from './pending-requests.ts';

const handle = 'abcdefghijklmnopqrstuvwxyz';

describe('the request that is to be collected', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  let keystore: Keystore;
  before(async () => {
    keystore = await Keystore.create(directory);
    for (const name of ['first', 'second']) await make(name);
  });
  after(() => rmSync(directory, { recursive: true }));

  async function make(name: string): Promise<void> {
    const keys = await generateKeyPair('p256');
    const request = createCertificateRequest({ subject: createName({ CN: name }) }, keys.privateKey);
    await keepPending(keystore, { name, request, createdAt: new Date(0) }, keys);
  }

  async function send(name: string, as: string): Promise<void> {
    const pending = listPending(keystore).find((each) => each.name === name);
    assert.ok(pending);
    const submitted = { server: 'vault.example:8444', root: '', handle: as, role: 'client', name };
    await noteSubmitted(keystore, pending, submitted);
  }

  it('has to be one that was handed in', async () => {
    assert.throws(() => chosenRequest(keystore, undefined), {
      code: 'usage',
      message: /^no request was handed in/,
    });
    assert.throws(() => chosenRequest(keystore, 'first'), { code: 'request_unknown' });
    assert.throws(() => chosenRequest(keystore, 'third'), { code: 'request_unknown' });
  });

  it('is the only one, or the one of a name or a handle', async () => {
    await send('first', handle);
    assert.equal(chosenRequest(keystore, undefined)?.name, 'first');
    await send('second', handle.replace('a', 'z'));
    assert.throws(() => chosenRequest(keystore, undefined), { code: 'usage', message: /^2 requests wait/ });
    assert.equal(chosenRequest(keystore, 'second')?.name, 'second');
    assert.equal(chosenRequest(keystore, handle)?.name, 'first');
  });

  it('may be one of another machine, by its handle', () => {
    assert.equal(chosenRequest(keystore, handle.replace('a', 'c')), undefined);
  });
});
