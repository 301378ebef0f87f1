import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/index.ts';
import { readDer } from '../der/der-reader.ts';
import { writeDer } from '../der/der-writer.ts';
import { generateSerialNumber, parseSerialNumber, type SerialNumber } from '../index.ts';
import { readSerialNumber, writeSerialNumber } from './serial-number.ts';

const read = (hex: string) => readDer(fromHex(hex), (reader) => readSerialNumber(reader));
const write = (serial: SerialNumber) => toHex(writeDer((writer) => writeSerialNumber(writer, serial)));

test('a generated serial number is sixteen bytes, positive, and another each time', () => {
  for (const nowMs of [0, Date.now(), 2 ** 46 - 1, 2 ** 46]) {
    const serials = Array.from({ length: 2000 }, () => generateSerialNumber(nowMs));
    for (const serial of serials) assert.match(serial, /^[4-7][0-9a-f]{31}$/);
    assert.equal(new Set(serials).size, serials.length);
  }
});

test('serial numbers are in the order of their time', () => {
  const serials = Array.from({ length: 300 }, (_, index) => generateSerialNumber(1.7e12 + 100 * index));
  assert.deepEqual(serials.toSorted(), serials);
});

test('a serial number is read without the octet of its sign and written with it', () => {
  for (const [der, serial] of [
    ['02020080', '80'],
    ['020100', '00'],
    ['02017f', '7f'],
    [`021500${'ff'.repeat(20)}`, 'ff'.repeat(20)],
  ] as const) {
    assert.equal(read(der), serial);
    assert.equal(write(read(der)), der);
  }
});

test('a serial number that is negative or longer than twenty bytes is malformed', () => {
  for (const der of ['0201ff', '02028000', `0215${'01'.repeat(21)}`]) {
    assert.throws(() => read(der), { code: 'der_malformed' }, der);
  }
});

test('a serial number is understood as people type it', () => {
  assert.equal(parseSerialNumber(' 0A:bc '), '0abc');
  assert.equal(parseSerialNumber('abc'), '0abc');
  assert.equal(parseSerialNumber('000abc'), '0abc');
  assert.equal(parseSerialNumber('0'), '00');
  for (const text of ['', ':', '-1', '0x10', 'xyz', 'f'.repeat(41)])
    assert.equal(parseSerialNumber(text), undefined, text);
});
