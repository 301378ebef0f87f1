import { setTimeout as sleep } from 'node:timers/promises';
import {
  DrillRunner,
  holdAgent,
  LiveSets,
  openNode,
  Reporter,
  readNodeState,
  readSets,
  SelfUpdate,
  SetRunner,
  surroundings,
} from '../agent/index.ts';
import { hourMs, type Log, minuteMs, secondMs } from '../base/index.ts';
import { tellServiceManager } from '../files/index.ts';
import { machineName } from '../transport/index.ts';
import { type Home, openHome } from './home/home.ts';
import { OrdersOfServer } from './job/orders-of-server.ts';
import { tellOfOwnSets } from './notice/own-notices.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import { runSelf } from './program/run-self.ts';
import { watchedSet } from './set/watched-set.ts';
import type { Word } from './word.ts';

/** `holdfast agent` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "run this machine's backup sets when their time comes, and renew its certificate, until Ctrl-C",
      )
      .addHelpText('after', examples);
  },
  run: runAgent,
};

const examples = `
It watches the sets that are live, and saves what changes in them. Once a week it restores a sample of each set, and compares it. It reads the sets anew each minute, and at SIGHUP, and tells the
server how they stand. Every six hours it asks
whether a newer version is published, and says so; client set update on has it installed. Each run is a process of its own: holdfast set run NAME.
It holds one line to the server, over which the server can start jobs: those alone that client set agent.allow names.

Examples:
  holdfast agent
  holdfast agent --home /srv/holdfast
`;

/** `holdfast agent`: keeps the time for the sets of this home until it is told to end. */
async function runAgent(context: Context): Promise<void> {
  const { clock, output, signal } = context;
  const home = await openHome(context.home, 'holdfast join with a code makes one');
  await using _held = await holdAgent(home.node, clock.now());
  const log = context.logAt(() => 'info').child({ part: 'agent' });
  const sets = (await readSets(home.node)).map(({ name }) => name);
  output.row(
    'agent',
    sets.length === 0 ? 'no sets yet: holdfast set add NAME PATH --every 6h' : sets.join(' '),
  );
  const machine = machineName();
  tellServiceManager();
  await using live = new LiveSets({
    directory: home.node,
    clock,
    log,
    find: (set) => watchedSet(context, set),
  });
  const runner = new SetRunner({
    directory: home.node,
    machine,
    clock,
    log,
    around: surroundings,
    live,
    run: async ({ name }, changes) => {
      const words = ['set', 'run', name, ...(changes === undefined ? [] : ['--changes', changes])];
      const { code, came, error } = await runSelf(context, words);
      return { came, isSaved: code === 0 || code === exitCode.someFilesUnread, error };
    },
  });
  const drills = new DrillRunner({
    directory: home.node,
    machine,
    clock,
    log,
    around: surroundings,
    run: async ({ name }) => (await runSelf(context, ['drill', name])).came,
  });
  const renewal = new Renewal(context, home, log);
  const everyMs = reportEveryMs;
  const unrecorded = runner.unrecorded.bind(runner);
  using reporter = new Reporter({ directory: home.node, machine, everyMs, unrecorded, clock, log, signal });
  const orders = new OrdersOfServer(context, home, log);
  const line = orders.hold();
  const isFree = (): boolean => runner.isIdle && orders.isIdle && drills.isIdle;
  const updates = new SelfUpdate({ ...context, home, log, isFree });
  let telling: Promise<void> | undefined;
  let toldMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    await renewal.renewIfDue();
    // Before it is looked what is due, so that what changes meanwhile is not missed.
    const changed = Promise.race([live.changed(), orders.changed()]);
    const waitMs = await runner.tick();
    // It reads what a set would write, and can wait.
    if (runner.isIdle) await drills.tick();
    // Beside the sets, which do not wait for a server; changes come faster than anybody wants to hear of.
    if (live.isEmpty || Math.abs(clock.now() - toldMs) >= restEveryMs) {
      toldMs = clock.now();
      void reporter.tell();
      void updates.look();
      telling ??= tellOfOwnSets(context, home, log, unrecorded).finally(() => (telling = undefined));
    }
    await wake(context, Math.min(waitMs, everyMs), Promise.race([runner.ended(), drills.ended(), changed]));
  }
  log.info('the agent ends, and so do the sets that run');
  await Promise.all([runner.idle(), drills.idle(), line]);
  await telling;
}

/** So often the server is told how the sets stand, at least. */
const reportEveryMs = minuteMs;
/** So often at most, while sets are watched. */
const restEveryMs = 10 * secondMs;

/** Resolves after `waitMs`, at SIGHUP, when a run has ended or something has changed, or when the agent is to end. */
async function wake({ signal, onHangUp }: Context, waitMs: number, happened: Promise<void>): Promise<void> {
  const hangUp = Promise.withResolvers<void>();
  using _use = onHangUp(hangUp.resolve);
  const woken = new AbortController();
  const timer = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
  await Promise.race([timer.catch(() => {}), hangUp.promise, happened]);
  woken.abort();
}

/** So often it is looked whether the certificate is due; the last third of its life is there for that. */
const renewalEveryMs = hourMs;

/** Renews the certificate of this machine also when no backup does. */
class Renewal {
  readonly #context: Context;
  readonly #home: Home;
  readonly #log: Log;
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(context: Context, home: Home, log: Log) {
    this.#context = context;
    this.#home = home;
    this.#log = log;
  }

  /** Does it when it is due, once an hour until it has succeeded. */
  async renewIfDue(): Promise<void> {
    const nowMs = this.#context.clock.now();
    if (nowMs >= this.#lookedMs && nowMs - this.#lookedMs < renewalEveryMs) return;
    this.#lookedMs = nowMs;
    try {
      if (!(await this.#isDue())) return;
      const { code, came } = await runSelf(this.#context, ['cert', 'renew']);
      if (code === 0) this.#log.info('the certificate is renewed');
      else this.#log.warn('the certificate is not renewed yet', { came });
    } catch (error) {
      this.#log.error('the certificate cannot be renewed', { error });
    }
  }

  async #isDue(): Promise<boolean> {
    if ((await readNodeState(this.#home.node)) === undefined) return false;
    const node = await openNode(this.#home.node);
    return node.isOwn && node.clientPolicy.presentCertificate && node.needsRenewal(this.#context.clock);
  }
}
