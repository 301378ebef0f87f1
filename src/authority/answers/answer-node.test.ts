import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError } from '../../base/index.ts';
import { createNodeRequest, EnrolmentAnswer, maxMessageBytes, parseMessage } from '../../enrol/index.ts';
import { generateKeyPair } from '../../pki/index.ts';
import { parseTrustBundle } from '../../trust/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import { answerEscrow, answerJoin, answerRenew, answerTrust, refusalOf } from './answer-node.ts';

const servers = ['https://vault.example:8443'];

describe('the answers of the authority', () => {
  it('are as the messages say, and fit into one', async () => {
    await using home = await SampleHome.open();
    const code = await home.code('alpha');
    const { request } = createNodeRequest(code, (await generateKeyPair('rsa4096')).privateKey);
    const secret = Buffer.from(code.secret.reveal()).toString('base64');
    const answer = await answerJoin(
      home.authority,
      { version: 1, secret, request },
      { from: 'test', servers },
    );
    const wire = JSON.stringify(answer);
    assert.ok(wire.length < maxMessageBytes);
    assert.deepEqual(parseMessage(EnrolmentAnswer, JSON.parse(wire), 'answer'), answer);
    assert.deepEqual(parseTrustBundle(answerTrust(home.authority)), home.authority.trustBundle);
  });

  const nonsense: readonly unknown[] = [
    undefined,
    null,
    'text',
    [],
    {},
    { version: 2, secret: 'AAAA', request: 'AAAA' },
    { version: 1, secret: 'not base64!', request: 'AAAA' },
    { version: 1, secret: 'AAAA', request: 'A'.repeat(40_000) },
    { version: 1, secret: 'AAAA', request: 'AAAA', role: 'admin' },
  ];
  it('refuse whatever is not a message, at the door', async () => {
    await using home = await SampleHome.open();
    const { certificate } = (await home.node('alpha')).issued;
    const identity = { network: 'backup.example', role: 'client', name: 'alpha' } as const;
    const peer = { identity, serial: certificate.serial };
    for (const input of nonsense) {
      await refused('input_invalid', answerJoin(home.authority, input, { from: 'test', servers }));
      await refused('input_invalid', answerRenew(home.authority, input, { peer, servers }));
      await refused('input_invalid', answerEscrow(home.authority, input, peer));
    }
  });

  it('tell a peer what was wrong with what it asked, and nothing about the inside', () => {
    assert.deepEqual(refusalOf(new HoldfastError('join_code_used', 'this join code has been used')), {
      code: 'join_code_used',
      message: 'this join code has been used',
    });
    const inside = [
      new HoldfastError('database_damaged', 'database /var/lib/holdfast/authority.db is damaged'),
      new HoldfastError('certificate_unknown_authority', 'certificate CN=x'),
      new TypeError('a bug'),
    ];
    for (const error of inside) assert.deepEqual(refusalOf(error), { code: 'refused_by_peer' });
  });
});
