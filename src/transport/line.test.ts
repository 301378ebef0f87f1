import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Failing, Line, type Outage, patience, patientBackOff, Streak } from './line.ts';

const lost = new HoldfastError('connection_lost', 'server: cut');
const nobody = new HoldfastError('host_not_found', 'no such host');

/** Work that fails with these, one after the other, and then is done. */
function failing(...failures: readonly Error[]): () => Promise<string> {
  const left = [...failures];
  return async () => {
    const failure = left.shift();
    if (failure !== undefined) throw failure;
    return 'done';
  };
}

describe('a line', () => {
  it('is told of once while all wait together, and when it is back', async () => {
    const told: (Outage | number)[] = [];
    const line = new Line({
      backOff: () => 20,
      onDown: (outage) => told.push(outage),
      onBack: (downMs) => told.push(downMs),
    });
    const work = Array.from({ length: 5 }, () => line.attempt({}, failing(lost)));
    assert.deepEqual(new Set(await Promise.all(work)), new Set(['done']));
    const [down, back, ...more] = told;
    assert.equal((down as Outage).failure, lost);
    assert.equal(typeof back, 'number');
    assert.deepEqual(more, []);
  });

  it('that has worked is not spoken of for one connection that was closed', async () => {
    const told: Outage[] = [];
    const line = new Line({ backOff: () => 0, onDown: (outage) => told.push(outage) });
    line.reached();
    await line.attempt({}, failing(lost));
    assert.deepEqual(told, []);
    await line.attempt({}, failing(lost, lost));
    assert.equal(told.length, 1);
  });

  it('is borne for longer once anything has come over it, and for a moment where the address was just typed', async () => {
    const asked: number[] = [];
    const backOff = ({ patienceMs }: Failing): undefined => void asked.push(patienceMs);
    const line = new Line({ backOff });
    await assert.rejects(line.attempt({ isKnown: false }, failing(lost)), lost);
    await assert.rejects(line.attempt({}, failing(lost)), lost);
    // A server that refuses has answered.
    const refusal = new HoldfastError('namespace_forbidden', 'no');
    await assert.rejects(line.attempt({}, failing(refusal)), refusal);
    await assert.rejects(line.attempt({}, failing(lost)), lost);
    assert.deepEqual(asked, [patience.typedMs, patience.knownMs, patience.reachedMs]);
  });

  it('is borne for as long as was said, from the start where nobody waits for it', async () => {
    const asked: number[] = [];
    const backOff = ({ patienceMs }: Failing): undefined => void asked.push(patienceMs);
    const said = [
      { line: new Line({ backOff }), longestMs: 3_600_000 },
      { line: new Line({ backOff }), longestMs: 1000 },
      { line: new Line({ backOff, isUnattended: true }), longestMs: 3_600_000 },
    ];
    for (const { line, longestMs } of said) {
      line.bearFor(longestMs);
      await assert.rejects(line.attempt({}, failing(lost)), lost);
      await assert.rejects(line.attempt({ isKnown: false }, failing(lost)), lost);
      line.reached();
      await assert.rejects(line.attempt({}, failing(lost)), lost);
    }
    const hourMs = 3_600_000;
    const first = [patience.knownMs, patience.typedMs, hourMs];
    assert.deepEqual(asked, [first, [1000, 1000, 1000], [hourMs, patience.typedMs, hourMs]].flat());
  });

  it('is not tried again for what is final, nor for a host that nobody has when its name was just typed', async () => {
    const line = new Line({ backOff: () => 0 });
    const untrusted = new HoldfastError('certificate_unknown_authority', 'who');
    const bug = new RangeError('bug');
    for (const failure of [untrusted, bug])
      await assert.rejects(line.attempt({}, failing(failure)), (error) => error === failure);
    const fresh = new Line({ backOff: () => 0 });
    await assert.rejects(fresh.attempt({ isKnown: false }, failing(nobody)), nobody);
    assert.equal(await fresh.attempt({}, failing(nobody)), 'done');
    await assert.rejects(fresh.attempt({ isUnsafe: () => true }, failing(lost)), lost);
  });

  it('is left at once when that is wanted, with the reason for it', async () => {
    const reason = new Error('enough');
    const line = new Line({ backOff: () => 3_600_000, onDown: () => abort.abort(reason) });
    const abort = new AbortController();
    await assert.rejects(line.attempt({ signal: abort.signal }, failing(lost)), reason);
  });

  it('counts a failure after something has come as the first', async () => {
    const counts: number[] = [];
    const line = new Line({ backOff: ({ count }) => (counts.push(count), 0) });
    const streak = new Streak();
    await line.endure(lost, streak, {});
    await line.endure(lost, streak, {});
    line.held(streak);
    await line.endure(lost, streak, {});
    assert.deepEqual(counts, [1, 2, 1]);
  });
});

describe('the usual back-off', () => {
  it('waits longer each time, to half a minute, and ends with the patience', () => {
    const waits = (patienceMs: number): number[] => {
      const all: number[] = [];
      for (let count = 1, downMs = 0; ; count++) {
        const waitMs = patientBackOff({ count, downMs, patienceMs });
        if (waitMs === undefined) return all;
        all.push(waitMs);
        downMs += waitMs;
      }
    };
    for (const patienceMs of Object.values(patience)) {
      const all = waits(patienceMs);
      const sum = all.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - patienceMs) < 1, `${sum} of ${patienceMs}`);
      assert.ok((all[0] ?? 0) <= 500 && Math.max(...all) <= 30_000);
      assert.ok(all.length >= 8, `${all.length} attempts in ${patienceMs} ms`);
    }
  });
});

it('says for how long it was tried when it gives up', async () => {
  const line = new Line({ backOff: ({ downMs }) => (downMs > 1000 ? undefined : 1050) });
  const always = (): Promise<never> => Promise.reject(lost);
  await assert.rejects(line.attempt({}, always), (error) => {
    assert.ok(isHoldfastError(error, 'connection_lost'));
    assert.match(error.message, /^server: cut; tried for 1 s$/);
    return true;
  });
});
