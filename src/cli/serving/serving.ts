import { openOrCreateKeystore } from '../../agent/index.ts';
import { HoldfastError, type LogLevel } from '../../base/index.ts';
import { describeListener, type ListenerPolicy, listenersOf, reachableNames } from '../../policy/index.ts';
import { ServerBindings, ServerCredentials, startAuthorityServer } from '../../server/index.ts';
import { type Credentials, Hot, machineName } from '../../transport/index.ts';
import { type AuthorityHome, adminContext } from '../home/authority-home.ts';
import { type Settings } from '../home/settings.ts';
import { storeOf } from '../home/store-of.ts';
import type { Context } from '../program/context.ts';

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
  const bindings = await ServerBindings.open(() => openOrCreateKeystore(home.node));
  const store = storeOf({ ...opened, settings });
  const server = await startAuthorityServer({
    authority: opened.authority,
    admin: {
      ...adminContext(context, { ...opened, settings }, () => bindings.reload()),
      store,
      renewServer: () => own.renewIfDue(),
    },
    listeners: listenersOf(settings),
    credentials,
    bindings: bindings.current,
    names: reachableNames(settings.names),
    store,
    socketPath: home.socket,
    clock: context.clock,
    log,
  });
  const problem = await store.problem();
  if (problem !== undefined) context.output.warn(`${problem.message}; next: ${problem.hint ?? problem.code}`);
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
      await server.close();
    },
  };
}

/** The line that says where the server listens. */
export function sayServer({ output }: Context, { urls, opened: { settings } }: Serving): void {
  const main = listenersOf(settings).find(({ services }) => services.includes('storage'));
  output.row(
    'server',
    `listening ${urls()[0] ?? ''}`,
    ...(main === undefined ? [] : [describeListener(main)]),
  );
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
