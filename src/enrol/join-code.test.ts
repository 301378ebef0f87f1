import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { isHoldfastError, Secret } from '../base/index.ts';
import { fingerprint } from '../pki/index.ts';
import {
  decodeCrockford,
  encodeCrockford,
  encodeJoinCode,
  type JoinCode,
  parseJoinCode,
} from './join-code.ts';

const code: JoinCode = {
  addresses: ['vault.example:8444', '192.0.2.7:8444', '[2001:db8::7]:8444'],
  fingerprint: fingerprint(Buffer.from('a root')),
  network: 'backup.example',
  role: 'client',
  name: 'alpha',
  secret: new Secret(Uint8Array.from({ length: 16 }, (_, i) => i * 17)),
};

function isMalformed(text: string): boolean {
  try {
    parseJoinCode(text);
    return false;
  } catch (error) {
    if (isHoldfastError(error, 'join_code_malformed')) return true;
    throw error;
  }
}

describe('a join code', () => {
  it('comes back from its text as it was', () => {
    const text = encodeJoinCode(code);
    assert.match(text, /^hf1-[0-9a-hjkmnp-tv-z]+$/);
    const { secret, ...rest } = parseJoinCode(text);
    const { secret: given, ...expected } = code;
    assert.deepEqual(rest, expected);
    assert.deepEqual(secret.reveal(), given.reveal());
  });

  it('is read in capitals, broken over lines, grouped, and with letters for digits', () => {
    const text = encodeJoinCode(code);
    const groups = text.slice(4).match(/.{1,5}/g) ?? [];
    const typed = [
      text.toUpperCase(),
      ` ${text.slice(0, 60)}\n  ${text.slice(60)}\n`,
      `hf1-${groups.join('-')}`,
    ];
    typed.push(`hf1-${text.slice(4).replaceAll('0', 'o').replaceAll('1', 'l')}`);
    for (const each of typed) assert.equal(encodeJoinCode(parseJoinCode(each)), text);
  });

  it('with any one character wrong, missing or exchanged with the next is told to be mistyped', () => {
    const text = encodeJoinCode(code);
    for (let i = 0; i < text.length; i++) {
      const other = text[i] === 'z' ? 'y' : 'z';
      assert.ok(isMalformed(text.slice(0, i) + other + text.slice(i + 1)), `character ${i} wrong`);
      if (text[i] !== '-')
        assert.ok(isMalformed(text.slice(0, i) + text.slice(i + 1)), `character ${i} missing`);
      if (i === 0 || i > 4) {
        const exchanged = text.slice(0, i) + (text[i + 1] ?? '') + (text[i] ?? '') + text.slice(i + 2);
        if (exchanged !== text) assert.ok(isMalformed(exchanged), `characters ${i} and ${i + 1} exchanged`);
      }
    }
  });

  it('of any bytes whatever is either read or told to be malformed', () => {
    for (let i = 0; i < 2000; i++) isMalformed(`hf1-${encodeCrockford(randomBytes(i % 200))}`);
    for (const text of ['', 'hf1-', 'hf2-abc', 'hello', `hf1-${'0'.repeat(100_000)}`, 'hf1-é'])
      assert.ok(isMalformed(text));
  });

  it('does not show its secret when it is printed', () => {
    const shown = inspect(code) + JSON.stringify(code);
    assert.match(shown, /\[redacted\]/);
    assert.doesNotMatch(shown, /17, 34|"1":17/);
  });

  it('cannot be made with more than fits', () => {
    assert.throws(() => encodeJoinCode({ ...code, name: 'x'.repeat(256) }), TypeError);
    assert.throws(
      () => encodeJoinCode({ ...code, addresses: Array.from({ length: 200 }, () => 'vault.example:1') }),
      TypeError,
    );
  });
});

it('base 32 gives back every length of bytes', () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from(randomBytes(length));
    assert.deepEqual(decodeCrockford(encodeCrockford(bytes)), bytes);
  }
  assert.equal(decodeCrockford('u'), undefined);
  assert.equal(decodeCrockford('zz'), undefined);
});
