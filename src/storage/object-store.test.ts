import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { formatObjectRef, parseObjectName, storageError } from './object-store.ts';

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

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something`), { code });
}

describe('storageError', () => {
  const meanings = {
    ENOSPC: 'storage_full',
    EDQUOT: 'storage_full',
    EIO: 'storage_failed',
    EACCES: 'storage_failed',
  } as const;
  for (const [code, meaning] of Object.entries(meanings)) {
    it(`makes ${meaning} of ${code}`, () => {
      assert.ok(isHoldfastError(storageError(systemError(code), 'storing'), meaning));
    });
  }

  it('leaves errors alone that say what they mean, and bugs', () => {
    const errors = [
      new HoldfastError('append_only', 'x'),
      new TypeError('x'),
      systemError('ERR_INVALID_ARG_TYPE'),
      systemError('ABORT_ERR'),
      'no error',
    ];
    for (const error of errors) assert.equal(storageError(error, 'storing'), error);
  });
});
