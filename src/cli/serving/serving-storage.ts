import { join } from 'node:path';
import { type Node, openNode, readNodeState, ViewLine } from '../../agent/index.ts';
import { Roster } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { tellServiceManager } from '../../files/index.ts';
import { type ListenerPolicy, listenersOf, reachableNames } from '../../policy/index.ts';
import { KeptView, StorePlace, startStorageNode } from '../../server/index.ts';
import type { Home } from '../home/home.ts';
import { readSettings, type Settings, storeDirectory, writeSettings } from '../home/settings.ts';
import { defaultPort } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import { formatRemaining } from '../terminal/format.ts';
import { type ServingOptions, settingsOf } from './serving.ts';

/** Whether this home is that of a storage node. */
export async function isStorageHome(home: Home): Promise<boolean> {
  return (await readNodeState(home.node))?.role === 'storage';
}

/** Serves the storage node of this home until Ctrl-C. */
export async function serveStorage(context: Context, home: Home, options: ServingOptions): Promise<void> {
  const { clock, signal, output } = context;
  const node = await openNode(home.node);
  const settings = settingsOf(context, await settingsOfNode(context, home, node, options), options);
  const { network, names } = settings;
  const log = context.logAt(() => settings.logLevel ?? 'info').child({ part: 'storage' });
  await using roster = await Roster.open({ ...rosterOf(context, home, network), worker: true });
  const view = await KeptView.open({
    file: join(home.node, 'network-view.json'),
    bundle: node.bundle,
    clock,
    log,
  });
  let server: Awaited<ReturnType<typeof startStorageNode>> | undefined;
  const line = new ViewLine({
    node,
    take: (signed) => view.take(signed),
    report: async () => {
      const viewMade = view.current?.made;
      return server === undefined || viewMade === undefined
        ? undefined
        : { viewMade, ...(await server.report()) };
    },
    clock,
    log,
    signal,
  });
  // Nobody could come before the first.
  if (view.current === undefined) await line.fetch();
  const store = new StorePlace({ directory: storeDirectory(home, settings), network, record: roster.store });
  server = await startStorageNode({
    view,
    roster,
    bundle: node.bundle,
    credentials: node.credentials,
    listeners: nodeListeners(settings),
    names: reachableNames(names),
    store,
    replication: home.replication,
    clock,
    log,
  });
  await using _server = server;
  const problem = await store.problem();
  if (problem !== undefined) output.warn(`${problem.message}; next: ${problem.hint ?? problem.code}`);
  output.row(
    'storage',
    node.identity.name,
    `of ${network}`,
    `certificate renews itself, next in ${renewal(context, node)}`,
  );
  output.row('server', `listening ${server.urls[0] ?? ''}`, 'TLS 1.3, client certificates required');
  tellServiceManager();
  using _hangUp = context.onHangUp(() => output.warn('the settings of a storage node are read at its start'));
  await line.hold();
}

function renewal({ clock }: Context, node: Node): string {
  return formatRemaining(node.renewalTime().getTime() - clock.now());
}

/**
 * The settings of a storage node, written at its first start. Its names are those of its certificate: by no other do clients
 * take it for itself.
 */
async function settingsOfNode(
  context: Context,
  home: Home,
  node: Node,
  { port, names }: ServingOptions,
): Promise<Settings> {
  const certified = certifiedNames(node);
  if (names !== undefined || certified.length === 0) throw namesByCode(node, names !== undefined);
  const kept = await readSettings(home);
  if (kept !== undefined) return { ...kept, names: certified };
  const { network } = node.identity;
  const { statusAddress } = node.state;
  const settings = { network, names: certified, port: port ?? defaultPort, statusAddress };
  // Before what says that there is one.
  await Roster.create(rosterOf(context, home, network));
  await writeSettings(home, settings);
  return settings;
}

function certifiedNames({ certificate }: Node): string[] {
  return certificate.extensions.subjectAltNames.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value] : [],
  );
}

function namesByCode({ identity: { name } }: Node, isSaid: boolean): HoldfastError {
  return new HoldfastError(
    'usage',
    isSaid
      ? 'the names of a storage node are those of its certificate, and --names says others'
      : `the certificate of the storage node ${name} names no host by which clients could find it`,
    {
      hint: `at the server: holdfast token create --reissue ${name} --role storage --names HOST, and here: holdfast join`,
    },
  );
}

function rosterOf({ clock }: Context, home: Home, network: string) {
  const anew =
    'holdfast join in another home, with a code of holdfast token create --reissue NAME --role storage';
  return { home: home.path, network, clock, anew };
}

/** Repositories on the first port; on the one after the next, that it is there. Nobody joins or administers here. */
function nodeListeners(settings: Settings): readonly ListenerPolicy[] {
  if (settings.listeners !== undefined) return settings.listeners;
  return listenersOf(settings).flatMap((listener) => {
    if (listener.name === 'main') return [{ ...listener, services: ['storage' as const] }];
    return listener.kind === 'plain' ? [listener] : [];
  });
}
