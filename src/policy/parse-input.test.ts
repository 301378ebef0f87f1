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
    waitMs: Type.Optional(Type.Integer({ minimum: 60_000, maximum: 86_400_000 })),
    maxBytes: Type.Optional(Type.Integer({ maximum: 10 })),
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
  assert.equal(
    problem({ ...good, waitMs: 1500 }),
    'policy: waitMs: found 1500 ms, expected at least 1 minute',
  );
  assert.equal(
    problem({ ...good, waitMs: 172_800_000 }),
    'policy: waitMs: found 2 days, expected at most 1 day',
  );
  assert.match(
    problem({ ...good, waitMs: 'soon' }),
    /waitMs: found "soon", expected a number and s, m, h, d or w/,
  );
  assert.equal(
    problem({ ...good, maxBytes: 11 }),
    'policy: maxBytes: found 11 bytes, expected at most 10 bytes',
  );
  assert.equal(problem({ kind: 'tls', port: 1 }), 'policy: the value must have required properties queue');
  assert.equal(problem([]), 'policy: the value must be object');
});
