import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { daysOfDate, encodeDate, encodeGoTime, parseGoTime } from './go-time.ts';

/** For each zone nanoseconds and what Go's time.Time writes for them there. */
const zones: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  UTC: [
    ['0', '1970-01-01T00:00:00Z'],
    ['1795248869421205277', '2026-11-21T08:14:29.421205277Z'],
    ['1795248869400000000', '2026-11-21T08:14:29.4Z'],
    ['1709164800000000001', '2024-02-29T00:00:00.000000001Z'],
    ['-1', '1969-12-31T23:59:59.999999999Z'],
    ['-62167219200000000000', '0000-01-01T00:00:00Z'],
    ['253402300799999999999', '9999-12-31T23:59:59.999999999Z'],
  ],
  'America/New_York': [
    ['1795248869421205277', '2026-11-21T03:14:29.421205277-05:00'],
    ['1783248869000000000', '2026-07-05T06:54:29-04:00'],
  ],
  'Asia/Kathmandu': [['1795248869000000000', '2026-11-21T13:59:29+05:45']],
  'Europe/London': [
    ['1795248869000000000', '2026-11-21T08:14:29Z'],
    ['1774746000000000000', '2026-03-29T02:00:00+01:00'],
    ['1774745999000000000', '2026-03-29T00:59:59Z'],
  ],
};

for (const [zone, times] of Object.entries(zones)) {
  test(`times are written as Go does in ${zone}, and read back`, () => {
    const module = new URL('./go-time.ts', import.meta.url).href;
    const list = times.map(([ns]) => `${ns}n`).join();
    const script = `import(${JSON.stringify(module)}).then((m) => console.log([${list}].map((ns) => m.encodeGoTime(ns)).join()))`;
    const env = { ...process.env, TZ: zone };
    const { stdout } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
    assert.deepEqual(
      stdout.trim().split(','),
      times.map(([, text]) => text),
    );
    for (const [ns, text] of times) assert.equal(parseGoTime(text), BigInt(ns));
  });
}

test('times before year 0 and after 9999 become the nearest that can be written', () => {
  assert.match(encodeGoTime(-(10n ** 21n)), /^0000-01-01T00:00:00/);
  assert.match(encodeGoTime(10n ** 21n), /^9999-12-31T23:59:59\.999999999/);
});

test('what is no RFC 3339 time is not taken for one', () => {
  const texts = ['', '2026-11-21', '2026-11-21T08:14:29', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z'];
  texts.push('2026-01-00T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:00.Z');
  texts.push('2026-01-01T00:00:00.1234567890Z', '2026-01-01T00:00:00+5:00', ' 2026-01-01T00:00:00Z');
  for (const text of texts) assert.equal(parseGoTime(text), undefined, text);
});

test('dates agree with the calendar of Date over eight hundred years', () => {
  for (let days = -200_000; days < 100_000; days += 13) {
    const date = new Date(days * 86_400_000).toISOString().slice(0, 10);
    assert.equal(encodeDate(days), date);
    const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
    assert.equal(daysOfDate(year, month, day), days);
  }
});
