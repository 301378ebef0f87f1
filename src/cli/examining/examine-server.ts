import { statfs } from 'node:fs/promises';
import type { OperationAnswer } from '../../admin/index.ts';
import { findKeystore } from '../../agent/index.ts';
import { dayMs, type HoldfastError, isHoldfastError } from '../../base/index.ts';
import { addressesOf, listenersOf, namesForCodes, namesToTell, reachableNames } from '../../policy/index.ts';
import { readBindings } from '../../server/index.ts';
import {
  bad,
  type Examination,
  examine,
  type Finding,
  failed,
  good,
  poor,
  weaker,
} from '../../transport/index.ts';
import { serverLabel, singleRootBundle, type TrustBundle, trustAnchor } from '../../trust/index.ts';
import { askAdmin, type NetworkStatus, networkStatus } from '../home/administering.ts';
import type { Home } from '../home/home.ts';
import { type Settings, storeDirectory } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { aloneListeners } from '../serving/alone-listeners.ts';
import { plural } from '../terminal/format.ts';

/**
 * A server as its clients see it: first what they need of its machine, then every address that they are told, each dialled from here
 * by whoever believes the network's root and shows no certificate.
 */
export async function examineServer(
  context: Context,
  home: Home,
  settings: Settings,
): Promise<Examination[]> {
  const startMs = performance.now();
  const known = await authorityOf(context);
  const findings = [
    ...(isHoldfastError(known)
      ? [{ step: 'authority', ...failed(known) } as const]
      : authorityFindings(known)),
    ...(await diskFindings(placesOf(home, settings))),
  ];
  const machine = { url: home.path, findings, ms: Math.round(performance.now() - startMs) };
  if (isHoldfastError(known)) return [machine];
  const { clock, signal } = context;
  const own = { bundle: bundleOf(known) };
  const dialled = toldAddresses(settings, known).map((url) =>
    examine({ url: new URL(url), own, clock, signal, asStranger: true }),
  );
  return [machine, ...(await Promise.all(dialled))];
}

/**
 * A server without an authority as its clients see it: its machine, and then every address, dialled by whoever believes the
 * certificates that it shows and nobody else.
 */
export async function examineAlone(context: Context, home: Home, settings: Settings): Promise<Examination[]> {
  const startMs = performance.now();
  const known = await aloneStatusOf(context);
  const findings = [
    ...(isHoldfastError(known)
      ? [{ step: 'machine', ...failed(known) } as const]
      : aloneFindings(known, context)),
    ...(await diskFindings(placesOf(home, settings))),
  ];
  const machine = { url: home.path, findings, ms: Math.round(performance.now() - startMs) };
  const keystore = await findKeystore(home.node);
  if (isHoldfastError(known) || keystore === undefined || !keystore.has(serverLabel)) return [machine];
  const { clock, signal } = context;
  const names = reachableNames(settings.names);
  const shown = [
    keystore.certificate(serverLabel)[0],
    ...readBindings(keystore).map(({ credentials }) => credentials.chain[0]),
  ];
  const anchors = shown.flatMap((der) =>
    der === undefined ? [] : [trustAnchor(der, { kind: 'server', names })],
  );
  const own = { bundle: { network: settings.network, anchors } };
  const addresses = addressesOf(aloneListeners(settings), ['storage'], namesToTell(names));
  const dialled = addresses.map((address) =>
    examine({ url: new URL(`https://${address}`), own, clock, signal, asStranger: true }),
  );
  return [machine, ...(await Promise.all(dialled))];
}

/** What such a server says of itself, or why it does not. */
async function aloneStatusOf(context: Context): Promise<OperationAnswer<'status'> | HoldfastError> {
  try {
    return await askAdmin(context, (admin) => admin.call('status', {}), 'when damaged');
  } catch (error) {
    if (isHoldfastError(error) && error.code !== 'interrupted') return error;
    throw error;
  }
}

/** Names that its certificate is not for are found by whoever dials them. */
function aloneFindings(status: OperationAnswer<'status'>, { clock }: Context): Finding[] {
  const { selfSigned } = status;
  const days = (end: string): number => Math.floor((Date.parse(end) - clock.now()) / dayMs);
  const own =
    selfSigned === undefined
      ? []
      : [certificateFinding('self-signed', days(selfSigned.notAfter), 'holdfast serve --renew-certificate')];
  return [...own, ...serverFindings(status)];
}

/** What an authority says of itself. */
interface Known {
  readonly status: NetworkStatus;
  readonly ca: OperationAnswer<'ca.show'>;
  readonly root: OperationAnswer<'ca.export'>;
  readonly outside: OperationAnswer<'tls.list'>;
}

/** What it says, or why it does not, as where its database cannot be reached. */
async function authorityOf(context: Context): Promise<Known | HoldfastError> {
  try {
    return await askAdmin(
      context,
      async (admin) => ({
        status: await networkStatus(admin),
        ca: await admin.call('ca.show', {}),
        root: await admin.call('ca.export', {}),
        outside: await admin.call('tls.list', {}),
      }),
      'when damaged',
    );
  } catch (error) {
    if (isHoldfastError(error) && error.code !== 'interrupted') return error;
    throw error;
  }
}

/** As clients of the network believe: its root, and those from elsewhere that its server tells them. */
function bundleOf({ ca, root, outside }: Known): TrustBundle {
  const [der = ''] = root.certificates;
  const bundle = singleRootBundle(ca.network, Buffer.from(der, 'base64'));
  const others = outside.flatMap(({ host, certificate }) =>
    certificate === undefined
      ? []
      : [trustAnchor(Buffer.from(certificate, 'base64'), { kind: 'server', names: [host] })],
  );
  return { ...bundle, anchors: [...bundle.anchors, ...others] };
}

/** Where nodes go, where join codes lead, and where lists are. */
function toldAddresses(settings: Settings, { status }: Known): readonly string[] {
  const listeners = listenersOf(settings);
  const names = reachableNames(settings.names);
  const secure = [
    ...addressesOf(listeners, ['storage', 'control'], namesToTell(names)),
    ...addressesOf(listeners, ['enrol'], namesForCodes(names)),
  ];
  return [...new Set([...secure.map((address) => `https://${address}`), status.authority.statusAddress])];
}

function authorityFindings({ status, ca }: Known): Finding[] {
  const { authority } = status;
  const { network, standing } = authority;
  const next = 'holdfast ca show says what comes next';
  return [
    {
      step: 'authority',
      ...(ca.clock === null ? good(`of the network ${network}: ${standing}`) : bad('clock_wrong', ca.clock)),
    },
    ...[authority.root, authority.issuing].map(({ label, daysLeft }) =>
      certificateFinding(label, daysLeft, next),
    ),
    ...serverFindings(status),
  ];
}

/** What is looked at of every server, with an authority or without one. */
function serverFindings({ listeners, store, bound = [] }: OperationAnswer<'status'>): Finding[] {
  return [
    ...bound.map(({ target, state, notAfter }): Finding => {
      const found = `the certificate bound to the ${target} ${state === 'ended' ? 'ended' : 'ends'} ${notAfter}`;
      return {
        step: 'certificates',
        ...(state === 'good' ? good(found) : poor('certificate_expired', found, 'holdfast tls bind FILE')),
      };
    }),
    ...(store === undefined
      ? []
      : [
          {
            step: 'store',
            ...(store.problem === null ? good(store.directory) : bad('store_missing', store.problem)),
          } as const,
        ]),
    ...(listeners.length === 0
      ? [{ step: 'listeners', ...bad('connection_refused', 'no server runs in this home') } as const]
      : listeners.flatMap(listenerFindings)),
  ];
}

const soonDays = 30;

function certificateFinding(label: string, daysLeft: number, next: string): Finding {
  const found = `${label}: ${daysLeft < 0 ? 'ended' : `${plural(daysLeft, 'day')} left`}`;
  const step = 'certificates';
  if (daysLeft < 0) return { step, ...bad('certificate_expired', found, next) };
  return {
    step,
    ...(daysLeft < soonDays ? poor('certificate_expired', found, next) : good(found)),
  };
}

function listenerFindings({
  name,
  url,
  services,
  weaker: sentences,
}: Known['status']['listeners'][number]): Finding[] {
  return [
    { step: 'listeners', ...good(`${name} ${url}: ${services.join(' ')}`) },
    ...sentences.map(
      (sentence): Finding => ({
        step: 'listeners',
        ...weaker(sentence, 'holdfast policy show says by whose choice'),
      }),
    ),
  ];
}

/** Where a server writes. */
function placesOf(home: Home, settings: Settings): ReadonlyMap<string, string> {
  return new Map([
    ['the home', home.path],
    ['the store', storeDirectory(home, settings)],
  ]);
}

const gigabyte = 1e9;

/** Whether there is room where the server writes. */
async function diskFindings(places: ReadonlyMap<string, string>): Promise<Finding[]> {
  const found = [...places].map(async ([what, path]): Promise<Finding[]> => {
    const disk = await statfs(path).catch(() => undefined);
    if (disk === undefined) return [];
    const [free, total] = [disk.bavail * disk.bsize, disk.blocks * disk.bsize];
    const said = `${what}, ${path}, has ${(free / gigabyte).toFixed(1)} of ${(total / gigabyte).toFixed(1)} GB free`;
    if (free < total / 200 || free < gigabyte / 20) return [{ step: 'disk', ...bad('storage_full', said) }];
    return [
      { step: 'disk', ...(free < total / 20 || free < gigabyte ? poor('storage_full', said) : good(said)) },
    ];
  });
  return (await Promise.all(found)).flat();
}
