import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { GatedServer } from '../../test/rig/gated-server.ts';
import {
  authorityExtensions,
  type Holder,
  SampleAuthority,
  sampleCertificate,
} from '../../test/rig/sample-certificates.ts';
import { createName } from '../pki/index.ts';

/** A leaf below so many authorities, each of which signed the next one. */
async function chainBelow(authorities: number): Promise<Holder[]> {
  const chain: Holder[] = [];
  for (let number = authorities; number >= 0; number--) {
    const [issuer] = chain;
    chain.unshift(
      await sampleCertificate({
        subject: createName({ CN: `level ${number}` }),
        issuer,
        ...(number > 0 && { extensions: authorityExtensions() }),
      }),
    );
  }
  return chain;
}

/** What OpenSSL makes of the chain that a server sends. */
async function verdictOn(chain: readonly Holder[]): Promise<unknown> {
  const [leaf] = chain;
  assert.ok(leaf);
  const credentials = { chain: chain.map(({ der }) => der), privateKey: leaf.keys.privateKey };
  await using server = await GatedServer.start({ authority: await SampleAuthority.create(), credentials });
  const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket.authorizationError;
}

test('once there is a listener, OpenSSL follows and verifies the first of a chain, however long it is', async () => {
  assert.equal(await verdictOn(await chainBelow(4)), 'SELF_SIGNED_CERT_IN_CHAIN');
  // It did not come to the root at the end.
  assert.equal(await verdictOn(await chainBelow(12)), 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
});
