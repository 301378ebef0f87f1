import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, isHoldfastError, minuteMs } from '../base/index.ts';
import { nextRun, offsetOf, parseSchedule, type Schedule } from './schedule.ts';

const at = (text: string): number => Date.parse(text);

/** The moments of `count` runs from `from` on, each begun when it is due. */
function* runs(schedule: Schedule, from: number, offsetMs = 0): Generator<number> {
  let lastMs: number | undefined;
  for (;;) {
    lastMs = nextRun(schedule, { addedMs: from, lastMs, offsetMs });
    yield lastMs;
  }
}

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'America/Santiago',
  'Pacific/Apia',
  'America/Sao_Paulo',
];

const decade = { from: at('2010-12-01T12:00:00Z'), until: at('2020-12-01T12:00:00Z') };

/** The noons (UTC) of ten years since the one before which the zone's clock was set. */
function clockChanges(zone: string): number[] {
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    timeZoneName: 'longOffset',
    hour: 'numeric',
  });
  const offsetAt = (moment: number): string | undefined => /GMT.*/.exec(format.format(moment))?.[0];
  const found: number[] = [];
  let before = offsetAt(decade.from);
  for (let moment = decade.from; moment < decade.until; moment += dayMs) {
    const next = offsetAt(moment);
    if (next !== before) found.push(moment);
    before = next;
  }
  return found;
}

interface DaysToCheck {
  readonly zone: string;
  readonly words: string;
  readonly from: number;
  readonly until: number;
  readonly offsetMs: number;
}

function checkDays({ zone, words, from, until, offsetMs }: DaysToCheck): void {
  const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  const dayNumber = (moment: number): number => at(dayOf.format(moment - offsetMs)) / dayMs;
  let before = from;
  let day: number | undefined;
  for (const moment of runs(parseSchedule(words, zone), from, offsetMs)) {
    if (moment > until) break;
    assert.ok(moment > before, 'time goes on');
    const next = dayNumber(moment);
    // Where a zone has changed sides of the date line there is a day that nobody had.
    const hasGap = day !== undefined && next !== day + 1;
    for (let hour = before; hour < (hasGap ? moment : before); hour += hourMs)
      assert.ok([day, next].includes(dayNumber(hour)), `no run on ${dayOf.format(hour)}`);
    assert.notEqual(next, day, `two runs on ${dayOf.format(moment)}`);
    [before, day] = [moment, next];
  }
  assert.ok(before > until - 2 * dayMs, 'it goes on');
}

describe('a schedule by the clock', () => {
  // Times at which some zone sets its clock: Lord Howe by half an hour, Havana and São Paulo at midnight.
  for (const [index, zone] of zones.entries())
    it(`runs exactly once on each day around each change of the clock of ten years in ${zone}`, () => {
      const words = ['daily 00:00', 'daily 02:15', 'daily 01:30', 'daily 02:30'][index % 4] ?? '';
      const changes = clockChanges(zone);
      assert.ok(changes.length > 1, String(changes.length));
      for (const change of changes)
        checkDays({
          zone,
          words,
          from: change - 3 * dayMs,
          until: change + 3 * dayMs,
          offsetMs: index * minuteMs,
        });
    });

  it('runs exactly once on each day of ten years', () => {
    checkDays({
      zone: 'Europe/Berlin',
      words: 'daily 02:30',
      from: decade.from,
      until: decade.until,
      offsetMs: 0,
    });
  });

  it('is in the hour that was said, in the zone that was said, in summer as in winter', () => {
    const schedule = parseSchedule('daily 02:30', 'Europe/Berlin');
    const next = (text: string): string =>
      new Date(nextRun(schedule, { addedMs: at(text), lastMs: undefined, offsetMs: 0 })).toISOString();
    assert.equal(next('2027-01-10T12:00:00Z'), '2027-01-11T01:30:00.000Z');
    assert.equal(next('2027-07-10T12:00:00Z'), '2027-07-11T00:30:00.000Z');
  });

  it('takes words for weeks and months, and what cron takes', () => {
    const first = (words: string): string =>
      new Date(runs(parseSchedule(words, 'UTC'), at('2027-02-10T12:00:00Z')).next().value).toISOString();
    assert.equal(first('weekly sun 03:00'), '2027-02-14T03:00:00.000Z');
    assert.equal(first('weekly Monday 3:05'), '2027-02-15T03:05:00.000Z');
    assert.equal(first('monthly 1 04:00'), '2027-03-01T04:00:00.000Z');
    assert.equal(first('monthly last 04:00'), '2027-02-28T04:00:00.000Z');
    assert.equal(first('30 2 * * 1-5'), '2027-02-11T02:30:00.000Z');
    assert.equal(first('0 */6 * * *'), '2027-02-10T18:00:00.000Z');
  });

  it('makes up for many missed runs by one', () => {
    const schedule = parseSchedule('daily 02:30', 'UTC');
    const addedMs = at('2027-01-01T00:00:00Z');
    const [lastMs, now] = [at('2027-01-03T02:30:00Z'), at('2027-01-20T15:00:00Z')];
    assert.ok(nextRun(schedule, { addedMs, lastMs, offsetMs: 0 }) < now, 'one is due');
    const next = nextRun(schedule, { addedMs, lastMs: now, offsetMs: 0 });
    assert.equal(next, at('2027-01-21T02:30:00Z'), 'and then none until its time');
  });
});

describe('an interval', () => {
  it('begins with its spread and counts from the beginning of the run before', () => {
    const schedule = parseSchedule('6h', 'UTC');
    const timing = { addedMs: 0, lastMs: undefined, offsetMs: minuteMs };
    assert.equal(nextRun(schedule, timing), minuteMs);
    assert.equal(nextRun(schedule, { ...timing, lastMs: dayMs }), dayMs + 6 * hourMs);
  });
});

describe('what is no schedule', () => {
  const codeOf = (text: string, zone = 'UTC'): string => {
    try {
      parseSchedule(text, zone);
    } catch (error) {
      if (isHoldfastError(error)) return `${error.code}: ${error.message}`;
      throw error;
    }
    return 'taken';
  };

  it('is refused, with what is taken', () => {
    for (const text of [
      '',
      'often',
      'daily',
      'daily 25:00',
      'monthly 31 04:00',
      '61 2 * * *',
      '0 0 30 2 * *',
      '@daily',
      '10s',
      '*'.repeat(101),
      '* * * * zzz',
    ])
      assert.match(codeOf(text), /^schedule_invalid: .*expected 6h/, text);
  });

  it('is refused by name when its day or its zone is not there', () => {
    assert.match(codeOf('0 4 30 2 *'), /^schedule_never: .*"0 4 30 2 \*"/);
    assert.equal(
      codeOf('daily 02:30', 'Europe/Berln'),
      'schedule_invalid: there is no time zone "Europe/Berln"',
    );
    assert.equal(codeOf('0 4 29 2 *'), 'taken');
  });
});

it('a spread is chance that stays: the same for one name, others for others, and within its bounds', () => {
  const all = Array.from({ length: 500 }, (_, index) => offsetOf(`machine-${index}/documents`, hourMs));
  assert.deepEqual(all[7], offsetOf('machine-7/documents', hourMs));
  assert.ok(Math.min(...all) >= 0 && Math.max(...all) < hourMs);
  const quarters = [0, 1, 2, 3].map(
    (quarter) => all.filter((ms) => Math.floor((ms * 4) / hourMs) === quarter).length,
  );
  assert.ok(Math.min(...quarters) > 80, String(quarters));
  assert.equal(offsetOf('machine', 0), 0);
});
