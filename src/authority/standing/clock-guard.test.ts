import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, dayMs, hourMs, minuteMs, type SinceBoot } from '../../base/index.ts';
import { exportPublicKey, generateKeyPair } from '../../pki/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import type { Authority } from '../authority.ts';
import { kinds } from '../log/kinds/index.ts';
import { createAuthority } from '../opening/create-authority.ts';
import { openAuthority } from '../opening/open-authority.ts';

/** A machine whose clock can be set, and which can sleep and be started again. */
class Machine implements Clock {
  #boot = 1;
  #startedMs = 0;
  #passedMs = 0;
  #setByMs = Date.UTC(2026, 10, 21, 8);

  now(): number {
    return this.#setByMs + this.#passedMs;
  }

  sinceBoot(): SinceBoot {
    return { boot: `boot-${this.#boot}`, uptimeMs: this.#passedMs - this.#startedMs };
  }

  pass(ms: number): void {
    this.#passedMs += ms;
  }

  setClock(byMs: number): void {
    this.#setByMs += byMs;
  }

  /** Off for `ms`, then started. */
  restart(ms: number): void {
    this.#passedMs += ms;
    this.#boot++;
    this.#startedMs = this.#passedMs;
  }
}

/** A home on such a machine; `reopen` is the program started again. */
class MachineHome implements AsyncDisposable {
  readonly machine = new Machine();
  readonly #sample: SampleHome;
  #authority: Authority | undefined;
  #node = 0;

  private constructor(sample: SampleHome) {
    this.#sample = sample;
  }

  static async open(): Promise<MachineHome> {
    const home = new MachineHome(await SampleHome.empty());
    home.#authority = await createAuthority({ ...home.#sample.options(), clock: home.machine });
    return home;
  }

  get authority(): Authority {
    return this.#authority as Authority;
  }

  async reopen(): Promise<void> {
    await this.#authority?.close();
    this.#authority = await openAuthority({ ...this.#sample.opening, clock: this.machine });
  }

  async issue(): Promise<void> {
    const { publicKey } = await generateKeyPair('p256');
    await this.authority.issueLocal({
      role: 'client',
      name: `node-${++this.#node}`,
      spki: exportPublicKey(publicKey),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authority?.close();
    await this.#sample[Symbol.asyncDispose]();
  }
}

describe('the clock of the authority', () => {
  it('stops issuing when it is six minutes behind the last record, and shows both times', async () => {
    await using home = await MachineHome.open();
    await home.issue();
    home.machine.setClock(-4 * minuteMs);
    await home.issue();
    home.machine.setClock(-2 * minuteMs);
    await refused('clock_wrong', home.issue(), '2026-11-21T07:54:00.000Z');
    await refused('clock_wrong', home.issue(), '2026-11-21T08:00:00.000Z');
    await home.reopen();
    await refused('clock_wrong', home.issue());
    home.machine.setClock(6 * minuteMs);
    await home.issue();
  });

  it('stops issuing when it jumps ahead by more than a day, in a process and after the next start of one', async () => {
    await using home = await MachineHome.open();
    await home.issue();
    home.machine.pass(20 * dayMs);
    await home.issue();
    home.machine.setClock(2 * dayMs);
    await refused('clock_wrong', home.issue(), 'ahead');
    await home.reopen();
    await refused('clock_wrong', home.issue(), '2026-12-11T08:00:00.000Z');
    home.machine.setClock(-2 * dayMs);
    await home.issue();
  });

  it('may go on after a weekend, asleep or off, and after a year without power it is to be accepted', async () => {
    await using home = await MachineHome.open();
    home.machine.pass(3 * dayMs);
    await home.issue();
    home.machine.restart(3 * dayMs);
    await home.reopen();
    await home.issue();
    home.machine.restart(366 * dayMs);
    await home.reopen();
    await refused('clock_wrong', home.issue(), 'ahead');
    await home.authority.custody.acceptClock({ reason: 'was in the cellar', by: 'admin/local' });
    await home.issue();
  });

  it('is accepted as it is, once, with both times and the reason on record', async () => {
    await using home = await MachineHome.open();
    const accept = () =>
      home.authority.custody.acceptClock({ reason: 'the battery was empty', by: 'admin/local' });
    assert.equal(await accept(), undefined);
    home.machine.pass(30 * dayMs);
    await home.issue();
    home.machine.setClock(-10 * dayMs);
    assert.equal((await accept())?.kind, 'behind');
    assert.equal(await accept(), undefined);
    await home.issue();
    const [accepted] = (await home.authority.log.list()).filter(({ kind }) => kind === 'clock accepted');
    assert.deepEqual(accepted?.details, {
      reason: 'the battery was empty',
      clock: 'behind',
      now: '2026-12-11T08:00:00.000Z',
      expected: '2026-12-21T08:00:00.000Z',
    });
    home.machine.pass(hourMs);
    await home.reopen();
    await home.issue();
  });

  it('does not come right by records that were written while it was wrong', async () => {
    await using home = await MachineHome.open();
    home.machine.pass(hourMs / 2);
    await home.issue();
    home.machine.setClock(-20 * minuteMs);
    await home.authority.log.record(kinds.refused, { by: 'client/alpha', details: {} });
    await refused('clock_wrong', home.issue());
    await home.reopen();
    await refused('clock_wrong', home.issue());
  });
});
