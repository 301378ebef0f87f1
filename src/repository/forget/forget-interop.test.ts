import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Secret } from '../../base/index.ts';
import { LocalStore } from '../../storage/index.ts';
import { initRepository } from '../init-repository.ts';
import type { Repository } from '../repository.ts';
import { cheapCost, treeBlob, writePack } from '../sample-repository.fixture.ts';
import { forget } from './forget.ts';
import { type GroupField, groupBy } from './group-snapshots.ts';
import { formatSpan, type KeepPolicy, periods, type Span } from './keep-policy.ts';
import { planForget } from './plan-forget.ts';

const password = 'geheim';
const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? randomInt(2 ** 32));
const random = randomFrom(seed);
const upTo = (limit: number): number => Math.floor(random() * limit);
const oneOf = <T>(values: readonly T[]): T => values[upTo(values.length)] as T;
const ownZone = process.env['TZ'];

/** What restic says of one group. */
interface ResticGroup {
  readonly keep: readonly { readonly time: string }[] | null;
  readonly remove: readonly { readonly time: string }[] | null;
  readonly reasons:
    | readonly { readonly snapshot: { readonly time: string }; readonly matches: string[] }[]
    | null;
}

describe('of random histories', () => {
  let top: string;
  let repository: Repository;
  before(async () => {
    top = mkdtempSync(join(tmpdir(), 'holdfast-forget-'));
    const key = { password: new Secret(password), cost: cheapCost };
    repository = await initRepository(new LocalStore(join(top, 'repo')), key);
    const tree = treeBlob();
    await repository.saveIndex([await writePack(repository, tree)]);
    const snapshots = [0, 1, 2].flatMap((history) => [...randomHistory(history)]);
    await Promise.all(snapshots.map((snapshot) => repository.saveSnapshot({ ...snapshot, tree: tree.id })));
  });
  after(() => {
    zoneOfProcess(ownZone);
    rmSync(top, { recursive: true });
  });

  const restic = (zone: string, ...words: readonly string[]): string =>
    execFileSync('restic', ['-r', join(top, 'repo'), ...words], {
      env: { ...process.env, TZ: zone, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: join(top, 'cache') },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  for (const zone of ['Europe/Berlin', 'America/St_Johns'])
    it(`keeps what restic keeps, for the same reasons, on a machine in ${zone} (seed ${seed})`, async () => {
      zoneOfProcess(zone);
      for (let round = 0; round < 2; round++) {
        const { policy, words } = randomPolicy();
        const fields = oneOf<GroupField[]>([['host', 'paths'], ['host'], [], ['host', 'tags']]);
        const said = restic(zone, 'forget', '--dry-run', '--json', '--group-by', fields.join(), ...words);
        const wanted = (
          JSON.parse(said.slice(said.indexOf('['), said.lastIndexOf(']') + 1)) as ResticGroup[]
        ).map(({ keep, remove, reasons }) =>
          [
            ...(keep ?? []).map(({ time }, at) => told(Date.parse(time), reasons?.[at]?.matches ?? [])),
            ...(remove ?? []).map(({ time }) => told(Date.parse(time), [])),
          ].toSorted(),
        );
        const plans = planForget(await repository.snapshots(), {
          policy,
          groupOf: groupBy(fields),
          judgedBy: 'time',
          removeAll: true,
          nowMs: Date.now(),
        });
        const found = plans.map(({ keep, remove }) =>
          [
            ...keep.map(({ snapshot, reasons }) => told(Number(snapshot.timeNs / 1_000_000n), reasons)),
            ...remove.map(({ timeNs }) => told(Number(timeNs / 1_000_000n), [])),
          ].toSorted(),
        );
        assert.deepEqual(sorted(found), sorted(wanted), `${words.join(' ')} by ${fields.join()}`);
      }
    });

  it('forgets what it says, and restic finds the repository sound', async () => {
    const before_ = (await repository.snapshots()).length;
    const options = { policy: { last: 3 }, groupOf: groupBy(['host']), judgedBy: 'time' } as const;
    const wouldGo = await forget(repository, { ...options, dryRun: true });
    assert.equal((await repository.snapshots()).length, before_);
    const { removed, kept } = await forget(repository, options);
    assert.deepEqual([removed.toSorted(), kept], [wouldGo.removed.toSorted(), []]);
    assert.equal((await repository.snapshots()).length, 9);
    assert.match(restic('UTC', 'check'), /no errors were found/);
  });
});

function sorted(groups: readonly string[][]): string[] {
  return groups.map((lines) => lines.join('\n')).toSorted();
}

/** Older ones do not keep the oldest where there are places left, or know a word for all: the published cases have both. */
function told(ms: number, reasons: readonly string[]): string {
  const known = reasons.filter((reason) => !reason.startsWith('oldest '));
  return `${new Date(ms).toISOString()} ${known.join(', ')}`;
}

/** Days with some snapshots, made at one place or on journeys, over changes of the clock; some of them at the same time. */
function* randomHistory(number: number) {
  let ms = Date.UTC(2024, upTo(12), 1 + upTo(28));
  const home = oneOf([0, 60, 120, -210, 330]);
  for (let count = 20 + upTo(30); count > 0; count--) {
    ms += upTo(4) === 0 ? 0 : upTo(oneOf([40, 90, 900])) * 60_000 * oneOf([1, 60]);
    if (ms > Date.now() - 86_400_000) return;
    // restic takes those of the same time in an order of its own, so that they are alike.
    const zoneMinutes = ms % 5 === 0 ? home : home + 60;
    yield {
      timeNs: BigInt(ms) * 1_000_000n,
      zoneMinutes,
      hostname: `host${number}`,
      paths: number % 2 === 0 ? ['/b', '/a'] : ['/a'],
      ...(ms % 7 === 0 && { tags: ['even', 'week'] }),
    };
  }
}

function randomPolicy(): { readonly policy: KeepPolicy; readonly words: readonly string[] } {
  const counts = Object.fromEntries(
    (['last', ...periods] as const)
      .filter(() => upTo(3) === 0)
      .map((name) => [name, oneOf([1, 2, 5, 12, Infinity])]),
  );
  const within = upTo(3) === 0 ? randomSpan() : undefined;
  const withinEach = Object.fromEntries(
    periods.filter(() => upTo(4) === 0).map((period) => [period, randomSpan()]),
  );
  const tags = upTo(4) === 0 ? [['week', 'even']] : [];
  const policy = { last: 1, ...counts, ...(within && { within }), withinEach, tags };
  const words = [
    ...Object.entries({ last: 1, ...counts }).map(
      ([name, n]) => `--keep-${name}=${n === Infinity ? 100_000 : n}`,
    ),
    ...(within === undefined ? [] : [`--keep-within=${formatSpan(within)}`]),
    ...Object.entries(withinEach).map(([period, span]) => `--keep-within-${period}=${formatSpan(span)}`),
    ...tags.map((list) => `--keep-tag=${list.join()}`),
  ];
  return { policy, words };
}

function randomSpan(): Span {
  return { years: upTo(2), months: upTo(14), days: upTo(40), hours: 1 + upTo(30) };
}

/** Node takes it up at once. */
function zoneOfProcess(zone: string | undefined): void {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
