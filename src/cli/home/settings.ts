import { access, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse, stringify, TomlError } from 'smol-toml';
import { type Static, Type } from 'typebox';
import { Check, Errors } from 'typebox/value';
import {
  durationPattern,
  HoldfastError,
  Secret,
  systemErrorCode,
  writeFileAtomic,
} from '../../base/index.ts';
import type { DatabaseLocation } from '../../db/index.ts';
import { ListenerPolicy, parseListeners, parseRequestedNames, reachableNames } from '../../policy/index.ts';
import type { Home } from './home.ts';

/** What each key means: written beside it, and into `docs/reference/settings.md`, which a test compares. */
export const about = {
  network: 'Name of the network, its trust domain. Set at creation.',
  names:
    'Host names and addresses of this server, the first one for URLs; loopback ones are told to nobody where there are others. They stand in its certificate.',
  port: 'First of three ports: storage and control on it, enrolment on the next, status on the one after.',
  statusAddress:
    'Stable URL inside certificates, for revocation lists and issuer certificates. Set at creation.',
  store: 'Directory of the repositories, relative to the home. Default: "store".',
  logLevel: 'What the server logs on stderr: "debug", "info", "warn" or "error". Default: "info".',
  listeners:
    'Listeners of the server instead of the default three; one with the service status may have metrics, "admin" or "anybody".',
  selfSigned:
    'true for a server without an authority, which shows a certificate of its own. Set by serve --self-signed at the first start.',
  'database.url':
    'The PostgreSQL database with the records of the authority: postgres://user@host/database. A file in the home unless said; holdfast db migrate moves them there. Read at start.',
  'authority.keystorePassphraseFile':
    "File with the passphrase of the authority's keystore, where it has one; relative to the home. Asked for unless said.",
  'authority.logMirrors':
    'Where the log is copied to within a second: directories that are there, http(s) URLs that take PUT.',
  'authority.backupTo': 'Where backups of the authority go by themselves: a directory, or an http(s) URL.',
  'authority.backupEvery': 'How often: "24h" unless said.',
  'authority.backupKeep': 'How many are kept there: 14 unless said.',
  'authority.rehearseEvery':
    'How often the newest backup is checked by itself: "30d", say. Never unless said.',
} as const;

const Duration = Type.String({ pattern: durationPattern });

/** Where the records of the authority are. */
const DatabaseSettings = Type.Object(
  { url: Type.String({ pattern: '^postgres(ql)?://' }) },
  { additionalProperties: false },
);

/** What is done by itself about copies of the authority. */
const AuthoritySettings = Type.Object(
  {
    keystorePassphraseFile: Type.Optional(Type.String({ minLength: 1 })),
    logMirrors: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    backupTo: Type.Optional(Type.String({ minLength: 1 })),
    backupEvery: Type.Optional(Duration),
    backupKeep: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    rehearseEvery: Type.Optional(Duration),
  },
  { additionalProperties: false },
);

/** The keys of `holdfast.toml`, there in snake_case. */
export const settingsSchema = Type.Object(
  {
    network: Type.String(),
    names: Type.Array(Type.String(), { minItems: 1 }),
    port: Type.Integer({ minimum: 1, maximum: 65_533 }),
    statusAddress: Type.String(),
    store: Type.Optional(Type.String()),
    logLevel: Type.Optional(Type.Enum(['debug', 'info', 'warn', 'error'])),
    listeners: Type.Optional(Type.Array(ListenerPolicy)),
    selfSigned: Type.Optional(Type.Literal(true)),
    database: Type.Optional(DatabaseSettings),
    authority: Type.Optional(AuthoritySettings),
  },
  { additionalProperties: false },
);

/** What belongs to this machine as a server: addresses, ports, places. */
export type Settings = Static<typeof settingsSchema>;

/** The settings of a home whose server has no authority; undefined for every other home. */
export async function aloneSettings(home: Home): Promise<Settings | undefined> {
  const settings = await readSettings(home);
  return settings?.selfSigned === true ? settings : undefined;
}

/**
 * The settings in a home, or undefined when it has none (a client's home). `settings_invalid` names the key, or says that
 * the file is gone from beside an authority: without it, a server would look for its repositories in another place.
 */
export async function readSettings(home: Home): Promise<Settings | undefined> {
  const text = await readFile(home.settings, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined) return parseSettings(text, home.settings);
  const isServer = await access(home.authority).then(
    () => true,
    () => false,
  );
  if (!isServer) return undefined;
  throw new HoldfastError('settings_invalid', `${home.settings} is gone, and the authority is still there`, {
    hint: 'put it back: every backup of the authority has it, and docs/reference/settings.md says what is in it',
  });
}

/** Reads the text of a settings file; `path` is for messages. */
export function parseSettings(text: string, path: string): Settings {
  const value = parseToml(text, path);
  if (Check(settingsSchema, value)) {
    if (value.listeners !== undefined) parseListeners(value.listeners);
    checkNames(value.names);
    return value;
  }
  const [first] = Errors(settingsSchema, value);
  const where = settingsKey(first?.instancePath.slice(1).replaceAll('/', '.') ?? '') || 'the file';
  throw new HoldfastError('settings_invalid', `${path}: ${where} ${first?.message ?? 'is not valid'}`, {
    hint: 'docs/reference/settings.md lists every key with its default',
  });
}

/** Writes the settings a home begins with. Errors: as {@link checkSettings}, before anything is written */
export async function writeSettings(home: Home, settings: Settings): Promise<void> {
  const text = encodeSettings(settings);
  parseSettings(text, home.settings);
  const before = await readFile(home.settings, 'utf8').catch(() => undefined);
  if (before !== text) await writeFileAtomic(home.settings, text);
}

/** Whether a server could start by these settings, once they are written. @throws HoldfastError `settings_invalid`, `name_invalid` */
export function checkSettings(settings: Settings): void {
  parseSettings(encodeSettings(settings), 'the settings');
}

/** A server that is called by patterns alone could tell nobody where it is. */
function checkNames(names: readonly string[]): void {
  parseRequestedNames(names);
  if (reachableNames(names).length > 0) return;
  throw new HoldfastError(
    'name_invalid',
    `names ${names.join(', ')}: expected one at least that is no pattern`,
    {
      hint: 'add a host name or an address of this server',
    },
  );
}

/** When backups of the authority are made by themselves. */
export interface Schedule {
  readonly to: string;
  readonly every: string;
  readonly keep: number;
}

/**
 * Adds a schedule to the settings of a home, and leaves everything else in the file as it is.
 * @throws HoldfastError `settings_invalid` when there is a section `[authority]` already
 */
export async function addSchedule(home: Home, { to, every, keep }: Schedule): Promise<void> {
  const text = await readFile(home.settings, 'utf8');
  const lines = [`backup_to = ${JSON.stringify(to)}`, `backup_every = "${every}"`, `backup_keep = ${keep}`];
  if (parseSettings(text, home.settings).authority !== undefined) {
    throw new HoldfastError('settings_invalid', `${home.settings} has a section [authority] already`, {
      hint: `the backup was made; to have them made by themselves, write there: ${lines.join(', ')}`,
    });
  }
  const next = `${text.trimEnd()}\n\n[authority]\n${lines.join('\n')}\n`;
  parseSettings(next, home.settings);
  await writeFileAtomic(home.settings, next);
}

/** The database that the records of the authority are in; undefined for the file in the home. */
export function databaseOf({ database }: Settings): DatabaseLocation | undefined {
  return database && { kind: 'postgres', url: new Secret(database.url) };
}

/**
 * Says in the settings of a home that the records are in a database now, and leaves everything else in the file as it is.
 * @throws HoldfastError `settings_invalid`
 */
export async function addDatabase(home: Home, url: string): Promise<void> {
  const text = await readFile(home.settings, 'utf8');
  const next = `${text.trimEnd()}\n\n[database]\nurl = ${JSON.stringify(url)}\n`;
  parseSettings(next, home.settings);
  await writeFileAtomic(home.settings, next);
}

/** The settings as a file for others to read: without comments, passwords and whatever follows the question mark of a URL. */
export function shownSettings({ database, authority, ...settings }: Settings): string {
  return encodeSettings({
    ...settings,
    ...(database && { database: { url: shownUrl(database.url) } }),
    ...(authority && { authority: shownAuthority(authority) }),
  });
}

function shownAuthority({ logMirrors, backupTo, ...rest }: NonNullable<Settings['authority']>) {
  return {
    ...rest,
    ...(logMirrors && { logMirrors: logMirrors.map(shownUrl) }),
    ...(backupTo !== undefined && { backupTo: shownUrl(backupTo) }),
  };
}

/** A path stays as it is. */
function shownUrl(text: string): string {
  if (!/^[a-z]+:/i.test(text)) return text;
  const url = URL.parse(text);
  if (url === null) return '[redacted]';
  if (url.password !== '') url.password = 'redacted';
  if (url.search !== '') url.search = 'redacted';
  return url.href;
}

/** Where a server keeps repositories. */
export function storeDirectory(home: Home, settings: Settings): string {
  return settings.store === undefined ? home.store : resolve(home.path, settings.store);
}

function parseToml(text: string, path: string): unknown {
  try {
    return camelKeys(parse(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw asSaidTwice(text, path, error.line) ?? notToml(path, error);
  }
}

function notToml(path: string, error: TomlError): HoldfastError {
  return new HoldfastError('settings_invalid', `${path}:${error.line}: not valid TOML`, {
    hint: 'correct that line; docs/reference/settings.md has an example',
    cause: error,
  });
}

/** What stands in `line`, a table or a key of one, when it stands above already: where a page's example was added once more. */
function asSaidTwice(text: string, path: string, line: number): HoldfastError | undefined {
  const lines = text.split('\n').map(tableOrKey);
  const what = lines[line - 1];
  if (what === undefined) return undefined;
  const since = what.isTable ? 0 : lines.findLastIndex((one, at) => at < line - 1 && one?.isTable === true);
  const first = lines.findIndex((one, at) => at >= since && one?.name === what.name) + 1;
  if (first === 0 || first >= line) return undefined;
  const name = what.isTable ? `the table [${what.name}]` : `the key ${what.name}`;
  return new HoldfastError(
    'settings_invalid',
    `${path}:${line}: ${name} is there already, in line ${first}`,
    {
      hint: what.isTable
        ? `write what stands below line ${line} under line ${first}, and remove line ${line}`
        : `keep one of the two lines`,
    },
  );
}

/** `[authority]` or `[ authority ]` is a table, `port = 8443` a key. */
function tableOrKey(line: string): { readonly name: string; readonly isTable: boolean } | undefined {
  const [, table, key] = /^[ \t]*(?:\[[ \t]*([\w.-]+)[ \t]*\]|([\w.-]+)[ \t]*=)/.exec(line) ?? [];
  const name = table ?? key;
  return name === undefined ? undefined : { name, isTable: table !== undefined };
}

function encodeSettings({ network, names, port, statusAddress, ...others }: Settings): string {
  const first = { network, names, port, statusAddress };
  const lines = ['# Settings of this machine as a Holdfast server. Read at start, and again at SIGHUP.', ''];
  for (const key of ['network', 'names', 'port', 'statusAddress'] as const) {
    lines.push(`# ${about[key]}`, `${settingsKey(key)} = ${JSON.stringify(first[key])}`, '');
  }
  if (Object.keys(others).length > 0) lines.push(stringify(snakeKeys(others)), '');
  return lines.join('\n');
}

/** `statusAddress` in the program is `status_address` in the file, at every depth. */
function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [settingsKey(key), snakeKeys(inner)]),
  );
}

/** `status_address` in the file is `statusAddress` in the program, at every depth. */
function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelKeys(inner),
    ]),
  );
}

/** A key of the program, `statusAddress`, as it is in the file: `status_address`. */
export function settingsKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
