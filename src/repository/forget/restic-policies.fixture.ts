import { type KeepPolicy, parseSpan, type Span } from './keep-policy.ts';

/**
 * The snapshots and policies of restic's own test of its policies (internal/data/snapshot_policy_test.go), and what it keeps
 * of them and why (testdata/policy_keep_snapshots_*), as facts: runs of days with the tags of their snapshots, each at 10:20:30
 * UTC unless a time is said; and for each policy, by reason, the places of what it keeps, counted from the newest, 0.
 */
export const resticSnapshots: readonly (readonly [tags: string, times: string])[] = [
  [
    '',
    '2014-09-01 2014-09-02 2014-09-05 2014-09-06 2014-09-08 2014-09-09 2014-09-10 2014-09-11 2014-09-20 2014-09-22 2014-08-08 2014-08-10 2014-08-12 2014-08-13 2014-08-13.1 2014-08-15 2014-08-18 2014-08-20 2014-08-21 2014-08-22',
  ],
  [
    'foo',
    '2014-10-01 2014-10-02 2014-10-05 2014-10-06 2014-10-08 2014-10-09 2014-10-10 2014-10-11 2014-10-20 2014-10-22 2014-11-08 2014-11-10 2014-11-12 2014-11-13',
  ],
  ['bar', '2014-11-13.1'],
  ['foo,bar', '2014-11-15'],
  [
    '',
    '2014-11-18 2014-11-20 2014-11-21 2014-11-22 2015-09-01 2015-09-02 2015-09-05 2015-09-06 2015-09-08 2015-09-09 2015-09-10 2015-09-11 2015-09-20 2015-09-22 2015-08-08 2015-08-10 2015-08-12 2015-08-13 2015-08-13.1 2015-08-15 2015-08-18 2015-08-20 2015-08-21 2015-08-22 2015-10-01 2015-10-02 2015-10-05 2015-10-06 2015-10-08 2015-10-09 2015-10-10 2015-10-11 2015-10-20 2015-10-22 2015-10-22',
  ],
  ['foo,bar', '2015-10-22 2015-10-22 2015-10-22'],
  [
    '',
    '2015-11-08 2015-11-10 2015-11-12 2015-11-13 2015-11-13.1 2015-11-15 2015-11-18 2015-11-20 2015-11-21 2015-11-22 2016-01-01T01:02:03 2016-01-01T01:03:03 2016-01-01T07:08:03 2016-01-03T07:02:03 2016-01-04T10:23:03 2016-01-04T11:23:03 2016-01-04T12:23:03 2016-01-04T12:24:03 2016-01-04T12:28:03 2016-01-04T12:30:03 2016-01-04T16:23:03 2016-01-05T09:02:03 2016-01-06T08:02:03 2016-01-07T10:02:03 2016-01-08T20:02:03 2016-01-09T21:02:03 2016-01-12T21:02:03 2016-01-12T21:08:03 2016-01-18T12:02:03',
  ],
];

export const resticPolicies: readonly (readonly [
  policy: KeepPolicy,
  kept: Readonly<Record<string, string>>,
])[] = [
  [{}, {}],
  [{ last: 10 }, { 'last snapshot': '0-9' }],
  [{ last: 15 }, { 'last snapshot': '0-14' }],
  [{ last: 99 }, { 'last snapshot': '0-98' }],
  [{ last: 200 }, { 'last snapshot': '0-102' }],
  [{ hourly: 20 }, { 'hourly snapshot': '0-1 3-9 13-17 19-24' }],
  [{ daily: 3 }, { 'daily snapshot': '0-1 3' }],
  [{ daily: 10 }, { 'daily snapshot': '0-1 3-8 15-16' }],
  [{ daily: 30 }, { 'daily snapshot': '0-1 3-8 15-16 19-24 26-29 34-43' }],
  [
    { last: 5, daily: 5 },
    { 'last snapshot': '0-4', 'daily snapshot': '0-1 3-5' },
  ],
  [
    { last: 2, daily: 10 },
    { 'last snapshot': '0-1', 'daily snapshot': '0-1 3-8 15-16' },
  ],
  [{ weekly: 2 }, { 'weekly snapshot': '0-1' }],
  [{ weekly: 4 }, { 'weekly snapshot': '0-1 3 15' }],
  [
    { daily: 3, weekly: 4 },
    { 'daily snapshot': '0-1 3', 'weekly snapshot': '0-1 3 15' },
  ],
  [{ monthly: 6 }, { 'monthly snapshot': '0 19 29 43 53 63' }],
  [
    { daily: 2, weekly: 2, monthly: 6 },
    { 'daily snapshot': '0-1', 'weekly snapshot': '0-1', 'monthly snapshot': '0 19 29 43 53 63' },
  ],
  [{ yearly: 10 }, { 'yearly snapshot': '0 19 63', 'oldest yearly snapshot': '102' }],
  [
    { daily: 7, weekly: 2, monthly: 3, yearly: 10 },
    {
      'daily snapshot': '0-1 3-7',
      'weekly snapshot': '0-1',
      'monthly snapshot': '0 19 29',
      'yearly snapshot': '0 19 63',
      'oldest yearly snapshot': '102',
    },
  ],
  [{ tags: [['foo']] }, { 'has tags [foo]': '31-33 67 69-82' }],
  [{ tags: [['foo', 'bar']] }, { 'has tags [foo, bar]': '31-33 67' }],
  [{ tags: [['foo'], ['bar']] }, { 'has tags [foo]': '31-33 67 69-82', 'has tags [bar]': '31-33 67-68' }],
  [{ within: span('1d') }, { 'within 1d': '0' }],
  [{ within: span('2d') }, { 'within 2d': '0' }],
  [{ within: span('7d') }, { 'within 7d': '0-2' }],
  [{ within: span('1m') }, { 'within 1m': '0-18' }],
  [{ within: span('1m14d') }, { 'within 1m14d': '0-18' }],
  [{ within: span('1y1d1m') }, { 'within 1y1m1d': '0-62' }],
  [{ within: span('13d23h') }, { 'within 13d23h': '0-8' }],
  [{ within: span('2m2h') }, { 'within 2m2h': '0-22' }],
  [{ within: span('1y2m3d3h') }, { 'within 1y2m3d3h': '0-67' }],
  [
    { withinEach: { hourly: span('1y2m3d3h') } },
    { 'hourly within 1y2m3d3h': '0-1 3-9 13-17 19-24 26-29 34-58 60-67' },
  ],
  [
    { withinEach: { daily: span('1y2m3d3h') } },
    { 'daily within 1y2m3d3h': '0-1 3-8 15-16 19-24 26-29 34-58 60-67' },
  ],
  [
    { withinEach: { weekly: span('1y2m3d3h') } },
    { 'weekly within 1y2m3d3h': '0-1 3 15 19 23 28-29 35 41 43-45 49 53 57 62-63 67' },
  ],
  [{ withinEach: { monthly: span('1y2m3d3h') } }, { 'monthly within 1y2m3d3h': '0 19 29 43 53 63' }],
  [{ withinEach: { yearly: span('1y2m3d3h') } }, { 'yearly within 1y2m3d3h': '0 19 63' }],
  [
    {
      within: span('1h'),
      withinEach: {
        hourly: span('1d'),
        daily: span('7d'),
        weekly: span('1m'),
        monthly: span('1y'),
        yearly: span('9999y'),
      },
    },
    {
      'within 1h': '0',
      'hourly within 1d': '0',
      'daily within 7d': '0-1',
      'weekly within 1m': '0-1 3 15',
      'monthly within 1y': '0 19 29 43 53',
      'yearly within 9999y': '0 19 63',
      'oldest yearly within 9999y': '102',
    },
  ],
  [{ last: Infinity }, { 'last snapshot': '0-102' }],
  [
    { last: Infinity, hourly: Infinity },
    { 'last snapshot': '0-102', 'hourly snapshot': '0-1 3-9 13-17 19-24 26-29 34-58 60-68 70-98 100-102' },
  ],
  [{ hourly: Infinity }, { 'hourly snapshot': '0-1 3-9 13-17 19-24 26-29 34-58 60-68 70-98 100-102' }],
  [
    { daily: 3, weekly: 2, monthly: Infinity, yearly: Infinity },
    {
      'daily snapshot': '0-1 3',
      'weekly snapshot': '0-1',
      'monthly snapshot': '0 19 29 43 53 63 73 83 93',
      'yearly snapshot': '0 19 63',
      'oldest monthly snapshot': '102',
      'oldest yearly snapshot': '102',
    },
  ],
];

function span(text: string): Span {
  const read = parseSpan(text);
  if (read === undefined) throw new TypeError(text);
  return read;
}
