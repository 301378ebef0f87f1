import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { decodeGoText, goJsonString, quoteGo, unquoteGo } from './go-text.ts';

/** Raw bytes in hexadecimal, and what Go's strconv.Quote makes of them between its quotes. */
const quoted: readonly (readonly [string, string])[] = [
  ['', ''],
  ['66696c65', 'file'],
  ['2761203c26', "'a <&"],
  ['6122625c63', 'a\\"b\\\\c'],
  ['0708090a0b0c0d', '\\a\\b\\t\\n\\v\\f\\r'],
  ['00011b1f7f', '\\x00\\x01\\x1b\\x1f\\x7f'],
  ['c3a4e282ac', 'ä€'],
  ['c2a0', '\\u00a0'],
  ['c2ad', '\\u00ad'],
  ['e280a8', '\\u2028'],
  ['efbbbf61', '\\ufeffa'],
  ['f09f9880', '😀'],
  ['f3a08081', '\\U000e0001'],
  ['efbfbd', '\ufffd'],
  ['fffe', '\\xff\\xfe'],
  ['61c3', 'a\\xc3'],
  ['eda080', '\\xed\\xa0\\x80'],
  ['c0af', '\\xc0\\xaf'],
  ['f0808080', '\\xf0\\x80\\x80\\x80'],
  ['c3a4ff22', 'ä\\xff\\"'],
];

for (const [hex, text] of quoted) {
  test(`the name with bytes ${hex || '(none)'} is written as ${JSON.stringify(text)} and read back`, () => {
    const bytes = Buffer.from(hex, 'hex');
    assert.equal(quoteGo(bytes), text);
    assert.deepEqual(Buffer.from(unquoteGo(text) ?? 'nothing'), bytes);
  });
}

test('any bytes survive quoting', () => {
  for (let round = 0; round < 3000; round++) {
    const bytes = randomBytes(randomInt(20));
    assert.deepEqual(Buffer.from(unquoteGo(quoteGo(bytes)) ?? 'nothing'), bytes, bytes.toString('hex'));
  }
});

test('a text with an escape that Go does not have is no quoted text', () => {
  for (const text of [
    '\\',
    'a\\q',
    '\\x4',
    '\\xzz',
    '\\u12',
    '\\ud800',
    '\\U00110000',
    '\\U0000d800',
    '\\x+1',
  ]) {
    assert.equal(unquoteGo(text), undefined, text);
  }
});

/** Bytes in hexadecimal and what Go's encoding/json writes for them. */
const json: readonly (readonly [string, string])[] = [
  ['61225c', '"a\\"\\\\"'],
  ['3c3e26', '"\\u003c\\u003e\\u0026"'],
  ['08090a0c0d', '"\\b\\t\\n\\f\\r"'],
  ['00010b1f', '"\\u0000\\u0001\\u000b\\u001f"'],
  ['7fc2a0c3a4', '"\u007f\u00a0ä"'],
  ['e280a8e280a9', '"\\u2028\\u2029"'],
  ['f09f9880', '"😀"'],
  ['efbfbd', '"\ufffd"'],
  ['61ff80f09f98', '"a\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd"'],
  ['f09f9880ff', '"😀\\ufffd"'],
];

for (const [hex, text] of json) {
  test(`the text with bytes ${hex} is the JSON string ${text}`, () => {
    assert.equal(goJsonString(decodeGoText(Buffer.from(hex, 'hex'))), text);
  });
}
