import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { OperationAnswer } from '../src/admin/index.ts';
import { hourMs, minuteMs } from '../src/base/index.ts';
import { SharedClock } from './rig/clock.ts';
import { CutLine, useLine } from './rig/cut-line.ts';
import { fillDisk } from './rig/fill-disk.ts';
import { freePorts } from './rig/free-ports.ts';
import { type RunningProgram, runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { type MailServer, mailServer } from './rig/mail-server.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

type ListedNode = OperationAnswer<'node.list'>[number];

/** By `client/set`, how each set stands. */
type States = Readonly<Record<string, string>>;

function inOrder(states: States): States {
  return Object.fromEntries(
    Object.keys(states)
      .toSorted()
      .map((name) => [name, states[name] ?? '']),
  );
}

/**
 * A day of three machines: `laptop` sleeps from the second hour to the thirteenth, `branch` has a line that is slow, is cut, and is away
 * for a while, and the disk of `nas` with its home fills up.
 */
describe('a day in the life of a network', { skip: cannotMount }, () => {
  let place: TemporaryDirectory;
  let network: Network;
  let clock: SharedClock;
  let mail: MailServer;
  let line: CutLine;
  let metricsPort: number;
  let beganMs: number;
  const disks = new DisposableStack();
  const machines = new Map<string, NetworkClient>();
  const agents = new Map<string, RunningProgram>();
  const at = (...names: string[]): string => join(place.path, ...names);
  const known = new Set<string>();
  const said: string[] = [];
  let mailsSeen = 0;
  /** What is expected to have been told in all, in its order. */
  const told: string[] = [];

  const machine = (name: string): NetworkClient => machines.get(name) ?? assert.fail(name);
  /** Adds a set, or says one anew. */
  const add = async (name: string, set: string, ...more: string[]): Promise<void> => {
    const words = ['set', 'add', set, at('data', name), '--every', '6h', '--spread', '0', ...more];
    const again = known.has(`${name}/${set}`) ? ['--replace'] : [];
    known.add(`${name}/${set}`);
    await machine(name).run([...words, ...again], 0, clock.env);
  };
  /** Hours of the day that have nothing to do with this one, in UTC. */
  const farHours = (): string => {
    const hour = (ahead: number): string =>
      `${new Date(clock.nowMs + ahead * hourMs).toISOString().slice(11, 14)}00`;
    return `${hour(-4)}-${hour(-2)}`;
  };
  const signal = (name: string, what: NodeJS.Signals): void =>
    void process.kill(agents.get(name)?.pid ?? 0, what);

  const statesNow = async (): Promise<States> => {
    const nodes = await network.ask<ListedNode[]>('node.list', { role: 'client' });
    const sets = nodes.flatMap(({ name, report }) =>
      (report?.sets ?? []).map((set) => [
        `${name}/${set.name}`,
        set.running ? `${set.state}, running` : set.state,
      ]),
    );
    return inOrder(Object.fromEntries(sets));
  };
  /** Moves the clock to so long after the day began, and has every agent that is awake look. */
  const moveTo = (hours: number, minutes = 0): void => {
    clock.advance(beganMs + hours * hourMs + minutes * minuteMs - clock.nowMs);
    for (const name of agents.keys()) signal(name, 'SIGHUP');
  };
  /** Waits until the server has it so, and until all that it has to say was said; then nodes, mail and metrics say exactly that. */
  const expectStates = async (expected: States, news: readonly string[]): Promise<void> => {
    const sorted = inOrder(expected);
    const untilMs = performance.now() + 60_000;
    let now = await statesNow();
    while (JSON.stringify(now) !== JSON.stringify(sorted) && performance.now() < untilMs) {
      await setTimeout(200);
      now = await statesNow();
    }
    assert.deepEqual(now, sorted);
    clock.advance(1.2 * minuteMs);
    told.push(...news);
    const lookedMs = performance.now();
    while (readMails().length < told.length) {
      const both = `told: ${said.join(' | ')}
expected: ${told.join(' | ')}`;
      assert.ok(performance.now() < lookedMs + 60_000, both);
      await setTimeout(100);
    }
    assert.deepEqual(said.toSorted(), told.toSorted());
    const wrong = Object.entries(expected).filter(([, state]) => !state.startsWith('ok'));
    const checked = await network.ask<ListedNode[]>('node.list', { role: 'client' });
    assert.equal(
      checked.flatMap(({ report }) => report?.sets ?? []).filter(({ state }) => state !== 'ok').length,
      wrong.length,
    );
    const { stdout } = await runProgram('curl', [
      '-sS',
      '--fail',
      `http://127.0.0.1:${metricsPort}/-/metrics`,
    ]);
    for (const [name, state] of Object.entries(expected)) {
      const [client, set] = name.split('/');
      const labels = `client="${client}",set="${set}",state="${state.replace(', running', '')}"`;
      assert.ok(stdout.includes(`holdfast_set_state{${labels}} 1\n`), `${labels} in ${stdout}`);
    }
  };
  /** Each line of each mail about a set: `client/set is state`. */
  const readMails = (): readonly string[] => {
    for (const text of mail.mails.slice(mailsSeen)) {
      mailsSeen++;
      const plain = text.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
      for (const [, set, client, state] of plain.matchAll(
        /set (\S+) of client\/(\S+) (?:is (\w+) since|needs no attention any more)/g,
      ))
        said.push(`${client}/${set} is ${state ?? 'ok'}`);
    }
    return said;
  };

  before(async () => {
    place = temporaryDirectory();
    clock = new SharedClock(at('ahead'));
    network = await Network.start(at('server'));
    line = await CutLine.to(network.port, { delayMs: 15 });
    disks.use(mountSmallDisk(at('nas'), '48m'));
    for (const name of ['laptop', 'branch', 'nas']) {
      mkdirSync(at('data', name), { recursive: true });
      writeFileSync(at('data', name, 'file'), new Prng(name.length).bytes(2_000_000));
      machines.set(name, await network.join(name, at(name)));
    }
    useLine(machine('branch'), line.port);
    const mailPort = await freePorts();
    mail = await mailServer(mailPort);
    const smtp = `smtp://127.0.0.1:${mailPort}`;
    await network.run(['notice', 'add', 'ops', '--mail', 'ops@example.test', '--smtp', smtp]);
    metricsPort = await freePorts();
    const settings = join(network.home, 'holdfast.toml');
    const own = {
      name: 'metrics',
      host: '127.0.0.1',
      port: metricsPort,
      services: ['status'],
      kind: 'plain',
      metrics: 'anybody',
    } as const;
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8') + listenersToml([...usualListeners(network.port), own]),
    );
    await network.server.stop();
    await network.restart(clock.env);
    beganMs = clock.nowMs;
  });
  after(async () => {
    for (const agent of agents.values()) {
      process.kill(agent.pid, 'SIGCONT');
      await agent[Symbol.asyncDispose]();
    }
    await mail.stop();
    await line[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    disks.dispose();
    place[Symbol.dispose]();
  });

  it('is told as it was: each change once, each end of it once, and nothing else', {
    timeout: 600_000,
  }, async () => {
    writeFileSync(at('hook'), `#!/bin/sh\nwhile [ -e ${at('hangs')} ]; do sleep 0.1; done\n`);
    chmodSync(at('hook'), 0o700);
    await add('laptop', 'documents');
    await add('laptop', 'papers');
    await add('branch', 'documents');
    await add('branch', 'dump', '--before', at('hook'), '--hook-limit', '1h');
    await add('branch', 'letters');
    await add('nas', 'documents');
    for (const [name, client] of machines) agents.set(name, client.start(['agent'], clock.env));
    const good = {
      'branch/documents': 'ok',
      'branch/dump': 'ok',
      'branch/letters': 'ok',
      'laptop/documents': 'ok',
      'laptop/papers': 'ok',
      'nas/documents': 'ok',
    };
    await expectStates(good, []);

    moveTo(1);
    await add('laptop', 'papers', '--between', farHours(), '--zone', 'UTC');
    await add('branch', 'letters', '--between', farHours(), '--zone', 'UTC');
    writeFileSync(at('hangs'), '');
    fillDisk(at('nas/filler'));
    signal('laptop', 'SIGSTOP');
    writeFileSync(at('data/branch/file'), new Prng(77).bytes(6_000_000));

    // The time of all comes: one sleeps, which is nothing to speak of yet, and a line that is cut costs a retry.
    const cut = line.cutOnce('reset', { bytes: 2_000_000, ms: 1500 });
    moveTo(6, 5);
    const sixth = { ...good, 'branch/dump': 'ok, running', 'nas/documents': 'failed' };
    await expectStates(sixth, ['nas/documents is failed']);
    await cut;

    moveTo(6, 18);
    const asleep = { 'laptop/documents': 'silent', 'laptop/papers': 'silent' };
    await expectStates({ ...sixth, ...asleep, 'branch/letters': 'late' }, [
      'laptop/documents is silent',
      'laptop/papers is silent',
      'branch/letters is late',
    ]);
    await add('branch', 'letters');
    signal('branch', 'SIGHUP');
    await expectStates({ ...sixth, ...asleep }, ['branch/letters is ok']);

    // A program that hangs is one that does not get on; nobody is told again of what is known.
    rmSync(at('nas/filler'));
    moveTo(8, 40);
    await expectStates({ ...good, ...asleep, 'branch/dump': 'stuck, running' }, [
      'branch/dump is stuck',
      'nas/documents is ok',
    ]);
    rmSync(at('hangs'));
    await expectStates({ ...good, ...asleep }, ['branch/dump is ok']);

    await add('branch', 'documents', '/proc/1/mem');
    moveTo(12, 10);
    await expectStates({ ...good, ...asleep, 'branch/documents': 'partial' }, [
      'branch/documents is partial',
    ]);
    await add('branch', 'documents');

    // Who wakes catches up, and says what his conditions have kept.
    moveTo(12, 23);
    signal('laptop', 'SIGCONT');
    signal('laptop', 'SIGHUP');
    await expectStates({ ...good, 'branch/documents': 'partial', 'laptop/papers': 'missed' }, [
      'laptop/documents is ok',
      'laptop/papers is missed',
    ]);
    await add('laptop', 'papers');
    signal('laptop', 'SIGHUP');
    await expectStates({ ...good, 'branch/documents': 'partial' }, ['laptop/papers is ok']);
    // What is said too much would come by now.
    clock.advance(1.2 * minuteMs);
    await setTimeout(7000);
    assert.deepEqual(readMails().toSorted(), told.toSorted());
  });
});
