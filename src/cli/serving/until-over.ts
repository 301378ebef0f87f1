import { isDeepStrictEqual } from 'node:util';
import { HoldfastError } from '../../base/index.ts';
import { listenersOf } from '../../policy/index.ts';
import { readSettings, type Settings, settingsKey } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { sayError } from '../terminal/output.ts';
import { type Serving, sayServer, settingsOf, startServing } from './serving.ts';

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
