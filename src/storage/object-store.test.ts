import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { formatObjectRef, parseObjectName } from './object-store.ts';

describe('parseObjectName', () => {
  it('takes 64 lowercase hexadecimal digits', () => {
    const name = '0123456789abcdef'.repeat(4);
    assert.equal(formatObjectRef(parseObjectName('data', name)), `data/${name}`);
  });

  const digits = 'ab'.repeat(32);
  const wrong = [
    '',
    'config',
    digits.slice(1),
    `${digits}a`,
    digits.toUpperCase(),
    `../${digits.slice(3)}`,
    `${digits}\n`,
  ];
  for (const name of wrong) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      assert.throws(
        () => parseObjectName('index', name),
        (error) => isHoldfastError(error, 'object_name_invalid'),
      );
    });
  }
});
