import { setTimeout as sleep } from 'node:timers/promises';
import {
  holdAgent,
  openNode,
  Reporter,
  readNodeState,
  readSets,
  SelfUpdate,
  SetRunner,
  surroundings,
} from '../agent/index.ts';
import { hourMs, type Log, minuteMs } from '../base/index.ts';
import { tellServiceManager } from '../files/index.ts';
import { machineName } from '../transport/index.ts';
import { type Home, openHome } from './home/home.ts';
import { OrdersOfServer } from './job/orders-of-server.ts';
import { tellOfOwnSets } from './notice/own-notices.ts';
import type { Context } from './program/context.ts';
import { runSelf } from './program/run-self.ts';
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
It reads the sets anew each minute, and at SIGHUP, and tells the server how they stand. Every six hours it asks
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
  const runner = new SetRunner({
    directory: home.node,
    machine,
    clock,
    log,
    around: surroundings,
    run: async ({ name }) => (await runSelf(context, ['set', 'run', name])).came,
  });
  const renewal = new Renewal(context, home, log);
  const everyMs = reportEveryMs;
  using reporter = new Reporter({ directory: home.node, machine, everyMs, clock, log, signal });
  const orders = new OrdersOfServer(context, home, log);
  const line = orders.hold();
  const updates = new SelfUpdate({ ...context, home, log, isFree: () => runner.isIdle && orders.isIdle });
  let telling: Promise<void> | undefined;
  while (!signal.aborted) {
    await renewal.renewIfDue();
    const waitMs = await runner.tick();
    // Beside the sets, which do not wait for a server.
    void reporter.tell();
    void updates.look();
    telling ??= tellOfOwnSets(context, home, log).finally(() => (telling = undefined));
    await wake(context, Math.min(waitMs, everyMs), runner.ended());
  }
  log.info('the agent ends, and so do the sets that run');
  await Promise.all([runner.idle(), line]);
  await telling;
}

/** So often the server is told how the sets stand, at least. */
const reportEveryMs = minuteMs;

/** Resolves after `waitMs`, at SIGHUP, when a run has ended, or when the agent is to end. */
async function wake({ signal, onHangUp }: Context, waitMs: number, ended: Promise<void>): Promise<void> {
  const hangUp = Promise.withResolvers<void>();
  using _use = onHangUp(hangUp.resolve);
  const woken = new AbortController();
  const timer = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
  await Promise.race([timer.catch(() => {}), hangUp.promise, ended]);
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
