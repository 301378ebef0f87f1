import { join } from 'node:path';
import { type AdminClient, inProcessRoster, type OperationAnswer } from '../../admin/index.ts';
import { findKeystore, keyOf, openOrCreateKeystore } from '../../agent/index.ts';
import { hasAuthority, Roster } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { tellServiceManager } from '../../files/index.ts';
import { reachableNames } from '../../policy/index.ts';
import {
  BindingDesk,
  noToldRoots,
  rosterContext,
  type SelfSigned,
  ServerBindings,
  StorePlace,
  selfSigned,
  startStorageServer,
} from '../../server/index.ts';
import { Keystore } from '../../trust/index.ts';
import { askHolder } from '../home/ask-holder.ts';
import { checkBegins, newSettings } from '../home/creating.ts';
import { checkHome, createHome, type Home, homeAt } from '../home/home.ts';
import {
  aloneSettings,
  readSettings,
  type Settings,
  storeDirectory,
  writeSettings,
} from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { backupHistory, backupHistoryJson } from '../repository/backup-history.ts';
import { type SetStanding, setStanding, standingRows } from '../set/set-view.ts';
import { type Answer, printRows, type Row, row, warning } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import { aloneListeners } from './alone-listeners.ts';
import { boundRows, boundWarnings } from './bound-view.ts';
import { type ServingOptions, settingsOf } from './serving.ts';

/** What `serve` takes for a server without an authority. */
export interface AloneOptions extends ServingOptions {
  readonly selfSigned?: boolean;
  readonly renewCertificate?: boolean;
}

/**
 * The home of a server without an authority, made where nothing is yet.
 * @throws HoldfastError `home_exists` where there is an authority: a server of a network never shows a certificate that nothing vouches for
 */
export async function createAloneHome(context: Context, options: AloneOptions): Promise<Home> {
  await checkBegins(context.home);
  if ((await checkHome(context.home)) === 'used') await refuseSettings(homeAt(context.home));
  const settings = await newSettings(options);
  const home = await createHome(context.home);
  // Before what says that there is one.
  await Roster.create({ home: home.path, network: settings.network, clock: context.clock });
  await writeSettings(home, { ...settings, selfSigned: true });
  return home;
}

/** Where the settings of a network's server are, its authority belongs, whatever has become of it. */
async function refuseSettings(home: Home): Promise<void> {
  if ((await readSettings(home)) !== undefined) throw hasOne(home);
}

/** Serves without an authority until Ctrl-C. */
export async function serveAlone(context: Context, home: Home, options: AloneOptions): Promise<void> {
  const parts = await openAlone(context, home, options, { worker: true });
  await using _roster = parts.roster;
  const log = context.logAt(() => parts.settings.logLevel ?? 'info').child({ part: 'server' });
  const { settings } = parts;
  const read = (): Promise<Keystore> => Keystore.open(home.node);
  using shown = await ServerBindings.open({ read, clock: context.clock, log });
  await using server = await startStorageServer({
    ...parts,
    listeners: aloneListeners(settings),
    shown: shown.current,
    bindings: bindingDesk(context, home, { settings, reload: () => shown.reload() }),
    bindingProblem: () => shown.problem,
    names: reachableNames(settings.names),
    socketPath: home.socket,
    clock: context.clock,
    log,
  });
  printRows(context.output, certificateRows(context, parts));
  context.output.row(
    'server',
    `listening ${server.urls[0] ?? ''}`,
    'no authority: clients come by bearer tokens',
  );
  tellServiceManager();
  await interrupted(context);
}

/** The admin API of a server without an authority, by its socket or in this process. */
export async function withAloneAdmin<T>(
  context: Context,
  home: Home,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  return await askHolder(context, home, work, async (begin) => {
    const parts = await openAlone(context, home, {});
    await using _roster = parts.roster;
    const { names } = parts.settings;
    const bindings = bindingDesk(context, home, parts);
    const whole = { ...parts, names, bindings, bindingProblem: () => undefined, clock: context.clock };
    return await begin(inProcessRoster(rosterContext(whole)));
  });
}

/** What such a server shows in the place of its own certificate, and changes of it. */
function bindingDesk(
  { clock }: Context,
  home: Home,
  { settings, reload = async () => {} }: Pick<Alone, 'settings'> & { readonly reload?: () => Promise<void> },
): BindingDesk {
  return new BindingDesk({
    roots: noToldRoots,
    keystore: () => openOrCreateKeystore(home.node),
    findKeystore: () => findKeystore(home.node),
    keyOf,
    listeners: aloneListeners(settings),
    names: settings.names,
    clock,
    reload,
  });
}

/** `holdfast status` in the home of such a server. */
export async function aloneStatus(context: Context, home: Home): Promise<Answer<SetStanding>> {
  const status = await withAloneAdmin(context, home, (admin) => admin.call('status', {}));
  const backups = await backupHistory(context, home, undefined);
  const { sets, warnings: setWarnings } = await setStanding(context, home);
  const warnings = [...aloneWarnings(status), ...backups.warnings, ...setWarnings];
  const value = { ...status, backups: backupHistoryJson(backups), sets, warnings };
  return {
    value,
    rows: [...statusRows(context, status), ...standingRows(context, sets), ...setWarnings.map(warning)],
  };
}

interface Alone {
  readonly roster: Roster;
  readonly certificate: SelfSigned;
  readonly certificateFile: string;
  readonly store: StorePlace;
  readonly settings: Settings;
}

async function openAlone(
  context: Context,
  home: Home,
  options: AloneOptions,
  { worker = false } = {},
): Promise<Alone> {
  const kept = await aloneSettings(home);
  if (kept === undefined || (await hasAuthority(home.path))) throw hasOne(home);
  const settings = settingsOf(context, kept, options);
  const { network, names } = settings;
  const roster = await Roster.open({ home: home.path, network, clock: context.clock, worker });
  try {
    const certificateFile = join(home.path, 'cert256.arm');
    const keystore = await openOrCreateKeystore(home.node);
    const renew = options.renewCertificate === true;
    const certificate = await selfSigned({
      keystore,
      file: certificateFile,
      names,
      clock: context.clock,
      renew,
    });
    const directory = storeDirectory(home, settings);
    const store = new StorePlace({ directory, network, record: roster.store });
    return { roster, certificate, certificateFile, store, settings };
  } catch (error) {
    await roster[Symbol.asyncDispose]();
    throw error;
  }
}

function hasOne(home: Home): HoldfastError {
  return new HoldfastError(
    'home_exists',
    `the home ${home.path} is that of a network's server, which shows no certificate that nothing vouches for`,
    {
      hint: 'holdfast serve runs it; a server without an authority needs another home: holdfast serve --self-signed --home DIR',
    },
  );
}

function* certificateRows(
  { clock }: Context,
  { certificate: { certificate, state, before }, certificateFile, settings }: Alone,
): Iterable<Row> {
  const [name = 'localhost'] = reachableNames(settings.names);
  const left = formatRemaining(certificate.notAfter.getTime() - clock.now());
  yield row('certificate', `self-signed, ${state}`, certificateFile, `valid ${left}`);
  yield row('fingerprint', certificate.fingerprint);
  if (before !== undefined)
    yield warning(
      `every client has to take another certificate now: it was ${before.fingerprint}, ${
        state === 'renewed'
          ? 'and the key is the same'
          : 'and the key is another one, since that of before is lost'
      }`,
    );
  yield row(
    'clients',
    `holdfast trust add --server ${name} --file cert256.arm`,
    `or restic --cacert cert256.arm`,
  );
}

function* statusRows({ clock }: Context, status: OperationAnswer<'status'>): Iterable<Row> {
  const { selfSigned: shown, listeners, store } = status;
  if (shown !== undefined) {
    const left = formatRemaining(Date.parse(shown.notAfter) - clock.now());
    yield row('certificate', 'self-signed', shown.file, left === 'now' ? 'ended' : `${left} left`);
    yield row('fingerprint', shown.fingerprint);
  }
  if (store !== undefined)
    yield row('store', store.directory, ...(store.problem === null ? [] : ['is not there']));
  if (listeners.length === 0) yield row('server', 'not running');
  for (const { url, services, clientCertificate } of listeners)
    yield row('listener', url, services.join(' '), `client certificate: ${clientCertificate}`);
  yield* boundRows(clock, status);
  for (const sentence of aloneWarnings(status)) yield warning(sentence);
}

function aloneWarnings(status: OperationAnswer<'status'>): string[] {
  const { selfSigned: shown, listeners, store } = status;
  return [
    ...boundWarnings(status),
    ...(store?.problem == null ? [] : [store.problem]),
    ...listeners.flatMap(({ weaker }) => weaker),
    ...(shown?.warnings ?? []),
  ];
}

/** Settings are read at start; a hang-up ends nothing. */
async function interrupted({ signal, onHangUp, output }: Context): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
  using _hangUp = onHangUp(() =>
    output.warn('the settings of a server without an authority are read at its start'),
  );
  await promise;
}
