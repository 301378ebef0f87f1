import assert from 'node:assert/strict';
import { type ErrorCode, isHoldfastError } from '../base/index.ts';

/** Waits for `promise` to fail with this code and with `named` in its message. */
export async function refused(code: ErrorCode, promise: Promise<unknown>, named = ''): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isHoldfastError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(named), error.message);
    return true;
  });
}
