import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Holder, SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { dayMs, isHoldfastError, type LogFields, silentLog, systemClock } from '../base/index.ts';
import { enrolPaths } from '../enrol/index.ts';
import { createCrl, exportPublicKey, keyIdentifier } from '../pki/index.ts';
import { Hot, type Listener, listen, serveHttp } from '../transport/index.ts';
import { Keystore, singleRootBundle } from '../trust/index.ts';
import { connectNode } from './connection.ts';
import { identityLabel, Node } from './node.ts';
import type { NodeState } from './node-state.ts';

describe('connecting with a certificate that is to be renewed', () => {
  let directory: TemporaryDirectory;
  let node: Node;
  let listener: Listener;
  /** How the server refuses to renew. */
  let refusal: { readonly status: number; readonly code: string };
  /** The list of the root that the server gives, where it gives one, and what it was told of the one that is known. */
  let list: Uint8Array | undefined;
  let known: (string | undefined)[];
  let root: Holder;

  beforeEach(async () => {
    directory = temporaryDirectory();
    const authority = await SampleAuthority.create();
    root = authority.root;
    list = undefined;
    known = [];
    const http = createServer(({ url, headers }, response) => {
      if (list !== undefined && url === enrolPaths.rootCrl) {
        known.push(headers['if-none-match']);
        if (headers['if-none-match'] === '"7"') response.writeHead(304).end();
        else response.end(list);
        return;
      }
      response.writeHead(refusal.status).end(JSON.stringify({ code: refusal.code }));
    });
    listener = await listen({
      policy: {
        name: 'main',
        address: { host: '127.0.0.1', port: 0 },
        kind: 'tls',
        clientCertificate: 'require',
        minimumVersion: 'TLSv1.3',
        groups: ['X25519'],
        services: ['control'],
      },
      credentials: new Hot(await authority.issue('server', 'vault')),
      onConnection: serveHttp(http),
      log: silentLog,
    });
    const validity = {
      notBefore: new Date(Date.now() - 25 * dayMs),
      notAfter: new Date(Date.now() + 5 * dayMs),
    };
    const { chain, privateKey } = await authority.issue('client', 'alpha', validity);
    const keystore = await Keystore.create(directory.path);
    await keystore.update((entries) => {
      entries.putKey(identityLabel, privateKey);
      entries.putCertificates(identityLabel, chain);
    });
    const bundle = singleRootBundle(authority.network, authority.root.der);
    const state: NodeState = {
      format: 1,
      network: authority.network,
      role: 'client',
      name: 'alpha',
      servers: [`https://127.0.0.1:${listener.address.port}`],
      statusAddress: 'http://127.0.0.1:1',
      recoveryRecipient: 'age1',
      checkpoint: { checkpoint: '{}', signature: '' },
      exports: [],
    };
    node = new Node(directory.path, { keystore, bundle, localAnchors: [], state });
  });
  afterEach(async () => {
    await listener.close();
    directory[Symbol.dispose]();
  });

  const connect = async (): Promise<readonly LogFields[]> => {
    const warnings: LogFields[] = [];
    const log = { ...silentLog, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) };
    using _connection = await connectNode(node, {
      clock: systemClock,
      log,
      signal: new AbortController().signal,
    });
    return warnings;
  };

  it('goes on with the one there is while the authority cannot renew, and says so', async () => {
    refusal = { status: 507, code: 'storage_full' };
    const before = node.certificate.serial;
    const [warning, ...others] = await connect();
    assert.ok(isHoldfastError(warning?.error, 'storage_full'));
    assert.deepEqual(others, []);
    assert.equal(node.certificate.serial, before);
  });

  it('has the list of the root given to it once, and says from then on which one it knows', async () => {
    refusal = { status: 507, code: 'storage_full' };
    list = createCrl(
      {
        issuer: root.subject,
        authorityKeyId: keyIdentifier(exportPublicKey(root.keys.publicKey)),
        number: 7n,
        thisUpdate: new Date(Date.now() - dayMs),
        nextUpdate: new Date(Date.now() + dayMs),
        entries: [],
      },
      root.keys.privateKey,
    );
    for (let time = 0; time < 3; time++) await connect();
    assert.deepEqual(known, [undefined, '"7"', '"7"']);
    assert.deepEqual(
      node.bundle.current.rootLists?.map(({ crl }) => crl.number),
      [7n],
    );
  });

  it('ends when the certificate itself is refused', async () => {
    refusal = { status: 403, code: 'certificate_revoked' };
    await assert.rejects(connect(), (error) => isHoldfastError(error, 'certificate_revoked'));
  });
});
