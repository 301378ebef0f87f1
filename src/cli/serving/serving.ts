import { isDeepStrictEqual } from 'node:util';
import { openOrCreateKeystore } from '../../agent/index.ts';
import { HoldfastError, isHoldfastError, type LogLevel } from '../../base/index.ts';
import { tellServiceManager } from '../../files/index.ts';
import type { Notifier } from '../../notice/index.ts';
import { describeListener, type ListenerPolicy, listenersOf, reachableNames } from '../../policy/index.ts';
import {
  ServerBindings,
  ServerCredentials,
  startAuthorityServer,
  startLinkService,
} from '../../server/index.ts';
import { type Credentials, Hot, machineName } from '../../transport/index.ts';
import { Keystore } from '../../trust/index.ts';
import { type AuthorityHome, adminContext, storeOf } from '../home/authority-home.ts';
import { readSettings, type Settings, settingsKey } from '../home/settings.ts';
import { notifierOf } from '../notice/own-notices.ts';
import type { Context } from '../program/context.ts';
import { ownLinkConcerns } from '../site/own-concerns.ts';
import { sayError } from '../terminal/output.ts';

/** What can be said for one run of the server. */
export interface ServingOptions {
  readonly port?: number;
  readonly names?: readonly string[];
}

/** An authority and the server in front of it, running in this process. */
export interface Serving extends AsyncDisposable {
  /** The authority with the settings of this run. */
  readonly opened: AuthorityHome;
  /** The settings as the file has them. */
  readonly kept: Settings;
  /** What was said for this run. */
  readonly options: ServingOptions;
  /** Logs what is as grave as this from now on. */
  readonly setLogLevel: (level: LogLevel | undefined) => void;
  /** See `RunningServer.useListeners`. */
  readonly useListeners: (policies: readonly ListenerPolicy[]) => Promise<void>;
  /** Reads again which certificates are shown to whom. */
  readonly reloadTls: () => Promise<void>;
  /** `https://HOST:PORT` for clients on this machine, best first: the first one for people. */
  readonly urls: () => readonly string[];
  /** Resolves when the authority may not work any more, with why. */
  readonly ended: Promise<HoldfastError>;
}

/** Starts the server of an authority that is open, with a certificate that is renewed first when it is due. */
export async function startServing(
  context: Context,
  opened: AuthorityHome,
  options: ServingOptions,
): Promise<Serving> {
  const { home } = opened;
  const settings = settingsOf(context, opened.settings, options);
  const level = new Hot<LogLevel>(settings.logLevel ?? 'info');
  const log = context.logAt(() => level.current).child({ part: 'server' });
  const { authority } = opened;
  const { names } = settings;
  const keystore = await openOrCreateKeystore(home.node);
  const own = await ServerCredentials.open({
    keystore,
    authority,
    name: machineName(),
    names,
    clock: context.clock,
  });
  const credentials: Hot<Credentials> = own.current;
  // One that is gone while the server runs is not made anew: nothing would be bound in it.
  const read = (): Promise<Keystore> => Keystore.open(home.node).catch(orPutBack);
  const bindings = await ServerBindings.open({ read, clock: context.clock, log });
  const store = storeOf({ ...opened, settings });
  const server = await startAuthorityServer({
    authority: opened.authority,
    admin: {
      ...adminContext(context, { ...opened, settings }, { keystore: read, reload: () => bindings.reload() }),
      store,
      renewServer: () => own.renewIfDue(),
      bindingProblem: () => bindings.problem,
    },
    listeners: listenersOf(settings),
    credentials,
    bindings: bindings.current,
    names: reachableNames(settings.names),
    store,
    replication: home.replication,
    socketPath: home.socket,
    notifier: tellingOfLinks(
      context,
      home,
      notifierOf(context, home, { watcher: 'server', from: authority.network, log }),
    ),
    clock: context.clock,
    log,
  });
  const problem = await store.problem();
  if (problem !== undefined) context.output.warn(`${problem.message}; next: ${problem.hint ?? problem.code}`);
  const links = await startLinkService({ directory: home.links, clock: context.clock, log });
  const stopRenewing = own.renewWhenDue(log);
  return {
    opened: { ...opened, settings },
    kept: opened.settings,
    options,
    setLogLevel: (next = 'info') => level.replace(next),
    reloadTls: () => bindings.reload(),
    useListeners: (policies) => server.useListeners(policies),
    urls: () => server.urls,
    ended: server.ended,
    async [Symbol.asyncDispose]() {
      stopRenewing();
      bindings[Symbol.dispose]();
      await links[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Has a notifier tell of the links of a home as well. */
function tellingOfLinks(
  { clock }: Context,
  home: AuthorityHome['home'],
  notifier: Notifier,
): Pick<Notifier, 'pass'> {
  return {
    pass: (concerns, signal) =>
      notifier.pass(
        async () => [...(await concerns()), ...(await ownLinkConcerns(home, clock.now()))],
        signal,
      ),
  };
}

/** A server is no node that could join again. */
function orPutBack(error: unknown): never {
  if (!isHoldfastError(error, 'keystore_missing')) throw error;
  throw new HoldfastError(error.code, error.message, {
    hint: 'put both files, keystore and stash, back from a copy; started without, the server makes another, in which nothing is bound',
    cause: error,
  });
}

/** The line that says where the server listens. */
export function sayServer({ output }: Context, { urls, opened: { settings } }: Serving): void {
  const main = listenersOf(settings).find(({ services }) => services.includes('storage'));
  output.row(
    'server',
    `listening ${urls()[0] ?? ''}`,
    ...(main === undefined ? [] : [describeListener(main)]),
  );
  tellServiceManager();
}

/** The settings of a run: what was said on the command line counts for this run, and is pointed out when it differs from what is kept. */
export function settingsOf({ output }: Context, kept: Settings, { port, names }: ServingOptions): Settings {
  if (port !== undefined && kept.listeners !== undefined)
    throw new HoldfastError(
      'usage',
      `--port ${port}: holdfast.toml has listeners of its own, which name theirs`,
      {
        hint: 'change the ports there, or take the listeners out of it',
      },
    );
  if (port !== undefined && port !== kept.port) {
    output.warn(`port ${port} for this run; clients were told ${kept.port} (holdfast.toml)`);
  }
  if (names !== undefined) {
    output.warn(
      `names ${names.join(', ')} for this run; clients were told ${kept.names.join(', ')} (holdfast.toml)`,
    );
  }
  return { ...kept, port: port ?? kept.port, names: names === undefined ? kept.names : [...names] };
}

/**
 * Resolves at Ctrl-C, which is how a server ends when all is well. At SIGHUP the settings are read again meanwhile.
 * @throws HoldfastError when its authority has to stop
 */
export async function untilOver(context: Context, first: Serving): Promise<void> {
  let serving = first;
  try {
    for (;;) {
      const what = await happening(context, serving);
      if (what === 'interrupted') return;
      if (what !== 'hung up') throw what;
      serving = await reload(context, serving);
    }
  } finally {
    await serving[Symbol.asyncDispose]();
  }
}

async function happening(
  { signal, onHangUp }: Context,
  { ended }: Pick<Serving, 'ended'>,
): Promise<'interrupted' | 'hung up' | HoldfastError> {
  const event = Promise.withResolvers<'interrupted' | 'hung up'>();
  const stop = (): void => event.resolve('interrupted');
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  using _hangUp = onHangUp(() => event.resolve('hung up'));
  try {
    return await Promise.race([event.promise, ended]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What counts at once. Other names and another store close every listener and open it again. */
const liveKeys: readonly (keyof Settings)[] = ['logLevel', 'names', 'port', 'listeners', 'store'];

/**
 * Reads `holdfast.toml` again, and which certificates are bound to what. What can change while a server runs counts from now on;
 * what cannot is said by name and counts from the next start. Settings that are not valid, or with which no server starts,
 * change nothing. Gives the server that answers from now on.
 */
async function reload(context: Context, serving: Serving): Promise<Serving> {
  const { output } = context;
  const settings = await readAgain(context, serving);
  if (settings === undefined) return serving;
  const changed = changedKeys(serving.kept, settings);
  const live = changed.filter((key) => liveKeys.includes(key));
  for (const key of changed.filter((key) => !liveKeys.includes(key)))
    output.warn(`${settingsKey(key)} in holdfast.toml counts from the next start of the server on`);
  const next = await apply(context, serving, { ...serving.kept, ...pick(settings, live) });
  output.row('reloaded', 'holdfast.toml', live.map(settingsKey).join(', ') || 'nothing new that counts now');
  return next;
}

/** The settings as they are now; undefined, and why, when they cannot be taken. */
async function readAgain({ output }: Context, serving: Serving): Promise<Settings | undefined> {
  try {
    await serving.reloadTls();
    return await settingsNow(serving);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    sayError(output, error);
    output.warn('the settings were not read again; the server goes on with those it had');
    return undefined;
  }
}

async function settingsNow({ opened: { home } }: Serving): Promise<Settings> {
  const settings = await readSettings(home);
  if (settings !== undefined) return settings;
  throw new HoldfastError('settings_invalid', `there is no file ${home.settings}`, {
    hint: 'put it back, and send SIGHUP again',
  });
}

function changedKeys(before: Settings, now: Settings): (keyof Settings)[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)] as (keyof Settings)[]);
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], now[key]));
}

/** The values of `keys`; one that is there no longer is undefined. */
function pick(settings: Settings, keys: readonly (keyof Settings)[]): Partial<Settings> {
  return Object.fromEntries(keys.map((key) => [key, settings[key]]));
}

async function apply(context: Context, serving: Serving, settings: Settings): Promise<Serving> {
  const reopened = changedKeys(serving.kept, settings).filter((key) => key !== 'logLevel');
  serving.setLogLevel(settings.logLevel);
  if (reopened.length === 0) return { ...serving, kept: settings };
  const { opened, kept, options } = serving;
  if (reopened.every((key) => key === 'port' || key === 'listeners'))
    return await useListeners(context, serving, settings);
  await serving[Symbol.asyncDispose]();
  try {
    const next = await startServing(context, { ...opened, settings }, options);
    sayServer(context, next);
    return next;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    sayError(context.output, error);
    context.output.warn('no server starts with these settings; it goes on with those it had');
    return await startServing(context, { ...opened, settings: kept }, options);
  }
}

/** Transfers go on; what is another listener now takes nobody new as it was. */
async function useListeners(context: Context, serving: Serving, settings: Settings): Promise<Serving> {
  try {
    const present = settingsOf(context, settings, serving.options);
    await serving.useListeners(listenersOf(present));
    const next = { ...serving, kept: settings, opened: { ...serving.opened, settings: present } };
    sayServer(context, next);
    return next;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    sayError(context.output, error);
    context.output.warn('the listeners cannot be opened so; the server goes on with those it had');
    return serving;
  }
}
