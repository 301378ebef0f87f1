import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chanceWords, formatPairingCode, parsePairingCode, passwordScalar, wordsOf } from './pairing-code.ts';
import { wordList } from './word-list.ts';

describe('a pairing code', () => {
  it('is made of 256 words that differ within their first four letters', () => {
    assert.equal(wordList.length, 256);
    assert.equal(new Set(wordList.map((word) => word.slice(0, 4))).size, 256);
    assert.ok(wordList.every((word) => /^[a-z]{3,9}$/.test(word)));
  });

  it('is read as it is shown, with capitals and with blanks', () => {
    const code = { words: chanceWords(), address: 'vault.example:8446' };
    const shown = formatPairingCode(code);
    assert.deepEqual(parsePairingCode(shown), code);
    const typed = ` ${code.words.replaceAll('-', ' ').toUpperCase()} @vault.example:8446`;
    assert.deepEqual(parsePairingCode(typed), code);
    assert.equal(parsePairingCode(`${code.words}@[::1]:8446`).address, '[::1]:8446');
  });

  it('is refused before it is tried when it cannot be right', () => {
    const texts = [
      'amber-river-falcon-oasis',
      'amber-river-falcon@vault:8446',
      'amber-river-falcon-oasiss@vault:8446',
      'amber-river-falcon-oasis@vault',
      'amber-river-falcon-oasis@vault:8446/path',
      'amber-river-falcon-oasis@user@vault:8446/?',
      `${'amber-'.repeat(100)}@vault:8446`,
    ];
    for (const text of texts) assert.throws(() => parsePairingCode(text), { code: 'pairing_code_invalid' });
  });

  it('stands for one scalar, and other words for another', async () => {
    const [one, same, other] = await Promise.all([
      passwordScalar('amber-river-falcon-oasis'),
      passwordScalar('amber-river-falcon-oasis'),
      passwordScalar('amber-river-falcon-ocean'),
    ]);
    assert.equal(one, same);
    assert.notEqual(one, other);
  });

  it('has words for bytes', () => {
    assert.equal(wordsOf(Uint8Array.of(0, 1, 254, 255)), 'acorn-actor-yellow-zebra');
    assert.throws(() => wordsOf(new Uint8Array(3)), TypeError);
  });
});
