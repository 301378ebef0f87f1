import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatElapsed,
  formatRemaining,
  plural,
  shortFingerprint,
} from './format.ts';

test('sizes are in decimal units with one digit after the point', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1000), '1.0 kB');
  assert.equal(formatBytes(3_100_000_000), '3.1 GB');
  assert.equal(formatBytes(5e18), '5000.0 PB');
});

test('counts are grouped, and one thing is not several', () => {
  assert.deepEqual([0, 999, 1204, 123_456, 1_234_567].map(formatCount), [
    '0',
    '999',
    '1,204',
    '123,456',
    '1,234,567',
  ]);
  assert.equal(plural(1, 'file'), '1 file');
  assert.equal(plural(0, 'file'), '0 files');
});

test('elapsed times name two units at most', () => {
  assert.equal(formatElapsed(9840), '9.8 s');
  assert.equal(formatElapsed(200_000), '3 min 20 s');
  assert.equal(formatElapsed(2 * hourMs + 5 * minuteMs), '2 h 5 min');
});

test('the time until something is in its largest unit, and what has passed is now', () => {
  assert.equal(formatRemaining(20 * dayMs + 1), '20 days');
  assert.equal(formatRemaining(7305 * dayMs), '20 years');
  assert.equal(formatRemaining(1826 * dayMs - hourMs), '5 years');
  assert.equal(formatRemaining(1824 * dayMs), '4 years');
  assert.equal(formatRemaining(3 * hourMs), '3 hours');
  assert.equal(formatRemaining(-5), 'now');
});

test('the time since something is in its largest unit', () => {
  assert.equal(formatAge(-5), 'just now');
  assert.equal(formatAge(3 * hourMs), '3 hours ago');
});

test('a fingerprint is shortened to its first four bytes', () => {
  assert.equal(shortFingerprint('SHA256:4f:1c:9a:02:77:88'), 'SHA256:4f:1c:9a:02:…');
});
