import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { HoldfastError } from '../base/index.ts';
import { parseInput } from './parse-input.ts';

const schema = Type.Object(
  {
    queue: Type.Union([Type.Literal('on'), Type.Literal('off')]),
    kind: Type.Literal('tls'),
    port: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);

function problem(input: unknown): string {
  try {
    parseInput(schema, input, 'policy');
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.code === 'settings_invalid');
    return error.message;
  }
  return 'none';
}

test('input that is not as it should be is told field by field, in words', () => {
  const good = { queue: 'on', kind: 'tls', port: 1 };
  assert.equal(problem(good), 'none');
  assert.equal(problem({ ...good, a: 1, b: 2 }), 'policy: the value has a, b, which nobody knows');
  assert.equal(problem({ ...good, queue: 'maybe' }), 'policy: queue must be on or off');
  assert.equal(problem({ ...good, kind: 'x' }), 'policy: kind must be tls');
  assert.equal(problem({ ...good, port: 0 }), 'policy: port must be >= 1');
  assert.equal(problem({ kind: 'tls', port: 1 }), 'policy: the value must have required properties queue');
  assert.equal(problem([]), 'policy: the value must be object');
});
