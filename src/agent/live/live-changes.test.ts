import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minuteMs, secondMs } from '../../base/index.ts';
import { LiveChanges, pauseAfter } from './live-changes.ts';

const report = (changed: readonly string[], trees: readonly string[] = [], isWhole = false) => ({
  changed,
  trees,
  isWhole,
});
const sorted = (changes: LiveChanges) => {
  const { isWhole, directories, trees } = changes.take();
  return { isWhole, directories: directories.toSorted(), trees: trees.toSorted() };
};

describe('what has changed in a live set', () => {
  it('is due a second after the last write, and names the folders to look into', () => {
    const changes = new LiveChanges();
    assert.equal(changes.dueMs(0), undefined);
    changes.note(report(['/a/one', '/a/two', '/top'], ['/b']), 0);
    changes.note(report(['/a/one']), 700);
    assert.equal(changes.dueMs(700), 1000);
    assert.deepEqual(sorted(changes), { isWhole: false, directories: ['/', '/a'], trees: ['/b'] });
    assert.ok(changes.isEmpty);
    assert.equal(changes.dueMs(700), undefined);
  });

  it('is due within five seconds of its last write though others are written on and on, and those within a minute', () => {
    const changes = new LiveChanges();
    for (let nowMs = 0; nowMs < 50 * secondMs; nowMs += 100) {
      changes.note(report(['/a/endless']), nowMs);
      const dueMs = changes.dueMs(nowMs) ?? 0;
      assert.ok(dueMs <= 45 * secondMs, `due at ${dueMs}`);
      if (dueMs <= nowMs) break;
    }
    assert.equal(changes.dueMs(45 * secondMs), 45 * secondMs);
    changes.take();
    changes.note(report(['/a/rests']), 60_000);
    for (let nowMs = 60_000; nowMs <= 61_000; nowMs += 100) changes.note(report(['/a/endless']), nowMs);
    assert.equal(changes.dueMs(61_000), 61_000);
  });

  it('is no more than folders, and then all there is, when it is very much', () => {
    const changes = new LiveChanges();
    const many = (folder: string) => Array.from({ length: 10_001 }, (_, n) => `${folder}/${n}`);
    changes.note(report(many('/a')), 0);
    changes.note(report(['/a/later', '/b/x']), 10);
    assert.deepEqual(sorted(changes), { isWhole: false, directories: ['/a', '/b'], trees: [] });
    changes.note(report(many('/a').map((path) => `${path}/x`)), 0);
    assert.equal(changes.take().isWhole, true);
    changes.note(report([], many('/a')), 0);
    assert.equal(changes.dueMs(0), secondMs);
    assert.equal(changes.take().isWhole, true);
  });

  it('has changed still when it could not be saved', () => {
    const changes = new LiveChanges();
    changes.note(report(['/a/x'], ['/t']), 0);
    const taken = changes.take();
    changes.note(report(['/b/y']), 500);
    changes.giveBack(taken, 2000);
    assert.deepEqual(sorted(changes), { isWhole: false, directories: ['/a', '/b'], trees: ['/t'] });
    changes.note(report([], [], true), 0);
    const whole = changes.take();
    changes.giveBack(whole, 0);
    assert.equal(changes.take().isWhole, true);
  });

  it('is due soon whatever the clock did meanwhile', () => {
    const changes = new LiveChanges();
    changes.note(report(['/a/x']), 1_000_000_000);
    assert.equal(changes.dueMs(1000), 1000 + 45 * secondMs);
  });
});

describe('a live backup that fails', () => {
  it('is tried again after a minute, and ever more rarely', () => {
    assert.deepEqual([0, 1, 2, 3, 5, 1000].map(pauseAfter), [
      0,
      minuteMs,
      2 * minuteMs,
      4 * minuteMs,
      15 * minuteMs,
      15 * minuteMs,
    ]);
  });
});
