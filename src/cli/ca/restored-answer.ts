import { type CaughtUp, notHeld, type RestoreSource } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { isLoopbackName, listenersOf, reachableNames } from '../../policy/index.ts';
import { type Reachability, servesStatus } from '../../server/index.ts';
import type { Home } from '../home/home.ts';
import type { Settings } from '../home/settings.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import { notHeldRows } from './backup-order.ts';

/** What is said of a restore, before and after it. */
interface Told {
  readonly source: RestoreSource;
  /** The server as what is restored has it. */
  readonly before: Settings;
  /** As it is to be here. */
  readonly settings: Settings;
  readonly followers: Reachability;
}

interface Plan extends Told {
  /** Who had a certificate and finds this machine nowhere. */
  readonly left: readonly string[];
}

/** What a restore would change. */
export function planAnswer(plan: Plan): Answer {
  const { source, followers, left: cannotFollow } = plan;
  const { network, keys } = source;
  const about =
    source.kind === 'backup'
      ? {
          epoch: source.manifest.epoch,
          madeAt: source.manifest.madeAt,
          log: source.manifest.log,
          retired: source.manifest.retired,
        }
      : {};
  const changes = differences(plan);
  const value = { network, ...about, keys, notHeld: notHeld(keys), changes, followers, cannotFollow };
  return { value, rows: planRows(plan) };
}

function* planRows(plan: Plan): Iterable<Row> {
  const { network, ...source } = plan.source;
  if (source.kind === 'backup') {
    const { epoch, madeAt, log } = source.manifest;
    yield row(
      'would be',
      `${network}, epoch ${epoch + 1} or later`,
      `as of ${madeAt}`,
      `record ${log.sequence}`,
    );
  } else yield row('would be', network, 'out of keys alone, without what was issued and revoked');
  yield* keyRows(source.keys);
  yield* changeRows(plan);
  for (const label of plan.left) yield row('cut off', label);
  yield row('changed', 'nothing: this was a dry run');
}

interface Restored extends Told {
  readonly home: Home;
  readonly result: CaughtUp | HoldfastError;
  /** What was said of the certificates of before. */
  readonly options: { readonly trustIssued?: boolean };
  /** A passphrase was chosen for the keystore. */
  readonly hasPassphrase: boolean;
}

/** What was restored, what differs from before, and what it waits for. */
export function restoredAnswer(restored: Restored): Answer {
  const { source, result, followers, home } = restored;
  const { network, keys } = source;
  const changes = differences(restored);
  const shared = { network, keys, notHeld: notHeld(keys), changes, followers, ...jsonOf(result) };
  const { path, recoveryKit } = home;
  const ofKeys = { home: path, recoveryKit, waits: result instanceof HoldfastError };
  return {
    value: source.kind === 'keys' ? { ...shared, ...ofKeys } : shared,
    rows: source.kind === 'keys' ? keysRestoredRows(restored) : backupRestoredRows(restored),
  };
}

/** What an authority that waited has learnt. */
export function resumedAnswer(network: string, result: CaughtUp): Answer {
  return { value: { network, ...jsonOf(result) }, rows: caughtUpRows(result) };
}

function* backupRestoredRows(restored: Restored): Iterable<Row> {
  const { source, result, hasPassphrase } = restored;
  yield row('restored', source.network);
  yield* keyRows(source.keys);
  if (!hasPassphrase)
    yield row('opened by', 'a new stash of this machine', 'a passphrase instead: holdfast keystore rekey');
  yield* changeRows(restored);
  if (!(result instanceof HoldfastError)) return yield* caughtUpRows(result);
  yield row('waiting', 'nothing is issued, answered or served until it knows what happened since');
  yield warning(result.message);
  yield row('next', result.hint ?? '');
}

function* keysRestoredRows(restored: Restored): Iterable<Row> {
  const { source, home, result, options } = restored;
  const held = source.keys.filter((key) => key.held).map(({ label }) => label);
  yield row('restored', source.network, `keys ${held.join(', ')}`);
  for (const label of notHeld(source.keys).slice(0, -1))
    yield warning(`the key ${label} was not in the file`);
  yield row('recovery', `new kit written to ${home.recoveryKit}`, 'move it off this machine');
  yield row('without', 'the recovery key of before: its kit alone opens what was sealed to it');
  yield* changeRows(restored);
  if (result instanceof HoldfastError) {
    yield row('waiting', 'nothing is issued or accepted: it does not know what it issued and revoked before');
    yield warning(result.message);
    yield row(
      'next',
      'holdfast ca restore --mirror PLACE   ·   without any: holdfast ca restore --re-enrol, or --trust-issued',
    );
    return;
  }
  if (result.mirror !== undefined) {
    const { certificates: count, revoked } = result.counts;
    yield row('log', result.mirror, plural(count, 'certificate'), plural(revoked, 'revocation'));
  }
  yield* nameRows(restored, result.serverNames);
  const rejoin = result.mirror === undefined && options.trustIssued !== true;
  yield row(
    'next',
    rejoin ? 'holdfast serve   ·   holdfast token create NAME, for every machine' : 'holdfast serve',
  );
}

/** Under which names clients know the server, by its own certificates, and this one will not be known. */
function* nameRows({ settings, home }: Restored, serverNames: readonly string[]): Iterable<Row> {
  const here = reachableNames(settings.names);
  const missing = serverNames.filter((name) => !here.includes(name) && !isLoopbackName(name));
  if (missing.length === 0) return;
  yield row('names', `certificates of the server name ${missing.join(', ')}`, `here: ${here.join(', ')}`);
  yield warning(
    `where these lead here, put them into names in ${home.settings}, or clients do not find it by them`,
  );
}

function jsonOf(result: CaughtUp | HoldfastError): object {
  if (result instanceof HoldfastError) return { standing: 'restored', waitsFor: result.message };
  return { standing: 'ready', ...result };
}

function* caughtUpRows({ epoch, mirror, counts, notes }: CaughtUp): Iterable<Row> {
  const { records, certificates, revoked, lost } = counts;
  const what = `${plural(certificates, 'certificate')} and ${plural(revoked, 'revocation')}`;
  if (mirror !== undefined) yield row('log', `${plural(records, 'record')} from ${mirror}`, what);
  for (const note of notes) yield warning(note);
  for (const [kind, count] of Object.entries(lost))
    yield warning(`${count} × ${kind}: the log says that it was, not what it was; do it again`);
  yield row('at work', `epoch ${epoch}`, 'next: holdfast serve');
}

function* keyRows(keys: RestoreSource['keys']): Iterable<Row> {
  yield row(
    'keys',
    keys
      .filter((key) => key.held)
      .map(({ label }) => label)
      .join(', '),
  );
  yield* notHeldRows(notHeld(keys), (label) => `the key ${label} is not in the backup`);
}

/** A setting that is another one than before. */
interface SettingChange {
  readonly key: string;
  readonly before: string;
  readonly now: string;
}

function differences({ before, settings }: Told): SettingChange[] {
  return (Object.keys({ ...before, ...settings }) as (keyof Settings)[])
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(settings[key]))
    .map((key) => ({ key, before: show(before, key), now: show(settings, key) }));
}

function* changeRows(told: Told): Iterable<Row> {
  const { source, settings, followers } = told;
  const where = source.kind === 'keys' ? 'certificates name' : 'in the backup:';
  for (const { key, before, now } of differences(told)) yield row(key, `${where} ${before}`, `here: ${now}`);
  if (!servesStatus(settings)) yield warning(statusElsewhere(settings));
  if (source.kind === 'keys') return;
  const { reachable, statusLeadsHere } = followers;
  if (reachable.length > 0) yield row('clients', `find the server at ${reachable.join(', ')}`);
  else if (statusLeadsHere) yield row('clients', `learn the new addresses at ${followers.statusAddress}`);
  else yield warning(whyUnreachable(followers));
}

function statusElsewhere({ statusAddress, ...settings }: Settings): string {
  const ports = listenersOf(settings).flatMap(({ services, address }) =>
    services.includes('status') ? [address.port] : [],
  );
  return (
    `certificates name ${statusAddress} for revocation lists, and this server answers on ${ports.join(' and ')}: ` +
    'put its listener there in holdfast.toml, or a proxy'
  );
}

function whyUnreachable({ lost, statusAddress }: Reachability): string {
  if (lost.length === 0)
    return `clients were told no address but loopback ones and ${statusAddress}: only those on this machine itself follow`;
  return (
    `no address that clients were told is seen to lead to this machine (${[...lost, statusAddress].join(', ')}): ` +
    'let one of these names lead here and say it with --names, or no other machine follows'
  );
}

/** For people: of listeners, which differ in their ports alone, the ports. */
function show(settings: Settings, key: keyof Settings): string {
  if (key === 'listeners')
    return listenersOf(settings)
      .map(({ name, address }) => `${name} ${address.port}`)
      .join(', ');
  const value = settings[key];
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
