import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  type Bytes,
  checkProgram,
  HoldfastError,
  makePrivateDirectory,
  Secret,
  systemErrorCode,
  withFileLock,
  writeFileAtomic,
} from '../base/index.ts';
import type { Keystore } from '../trust/index.ts';

const Text = Type.String({ minLength: 1, maxLength: 1000 });

/** Where notices go. */
const ChannelTarget = Type.Union([
  Type.Object({
    kind: Type.Literal('mail'),
    /** `smtp://HOST:587` or `smtps://HOST`; whoever logs in there before an `@`. */
    smtp: Text,
    from: Text,
    to: Type.Array(Text, { minItems: 1, maxItems: 20 }),
  }),
  Type.Object({ kind: Type.Literal('webhook'), url: Text }),
  /** A program, by its absolute path, that gets the message as JSON on its standard input. */
  Type.Object({ kind: Type.Literal('command'), file: Text }),
  /** A watch that is told of each run of a set, or of one set alone. */
  Type.Object({ kind: Type.Literal('ping'), url: Text, set: Type.Optional(Text) }),
]);
export type ChannelTarget = Static<typeof ChannelTarget>;

const Channel = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
  /** ISO 8601. */
  added: Text,
  target: ChannelTarget,
  /** How often it is told of everything that needs attention, whether or not something changed. */
  summary: Type.Optional(Type.Enum(['daily', 'weekly'])),
});
export type Channel = Static<typeof Channel>;

const ChannelFile = Type.Object({ format: Type.Literal(1), channels: Type.Array(Channel) });

const maxChannels = 20;

/** The channels of a home, by name. @throws HoldfastError `settings_invalid` */
export async function readChannels(directory: string): Promise<readonly Channel[]> {
  const path = join(directory, 'notices', 'channels.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const value = parseJson(text);
  if (Value.Check(ChannelFile, value)) return value.channels;
  throw new HoldfastError('settings_invalid', `${path} is damaged or of another version`, {
    hint: 'put it back from a copy, or move it away and add the channels again: holdfast notice add NAME',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Changes the channels on top of what the file holds by then, whole or not at all. @throws HoldfastError `channel_invalid` for too many */
export async function changeChannels(
  directory: string,
  change: (channels: readonly Channel[]) => readonly Channel[],
): Promise<void> {
  const place = join(directory, 'notices');
  await makePrivateDirectory(directory);
  await makePrivateDirectory(place);
  await withFileLock(join(place, 'channels.lock'), async () => {
    const channels = change(await readChannels(directory)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (channels.length > maxChannels) throw invalid(`more than ${maxChannels} channels`);
    const file = { format: 1, channels };
    await writeFileAtomic(join(place, 'channels.json'), `${JSON.stringify(file, undefined, 2)}\n`);
  });
}

/** Looks whether a channel can be one at all. @throws HoldfastError `channel_invalid`, `path_not_found`, `hook_unsafe` */
export async function checkChannel({ name, target }: Pick<Channel, 'name' | 'target'>): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name))
    throw invalid(
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a channel: expected small letters, digits, dots and dashes, 63 at most`,
    );
  if (target.kind === 'command') await checkProgram(target.file, 'program');
  else if (target.kind === 'mail') checkMail(target);
  else checkHook(target);
}

/** Something is put behind the address of a watch. */
function checkHook({ kind, url }: ChannelTarget & { readonly kind: 'webhook' | 'ping' }): void {
  const { search, hash, pathname } = checkUrl(url, ['https:', 'http:'], 'https://host/path');
  if (kind === 'webhook' || (search === '' && hash === '' && !pathname.endsWith('/'))) return;
  throw invalid(
    `the watch ${JSON.stringify(url.slice(0, 80))} ends with something else than its path, expected https://host/path`,
  );
}

function checkMail({ smtp, from, to }: ChannelTarget & { readonly kind: 'mail' }): void {
  const url = checkUrl(smtp, ['smtp:', 'smtps:'], 'smtp://host:587 or smtps://host, a user before @');
  if (url.password !== '')
    throw invalid('a mail server with a password in its address: name a file with it by --secret-file');
  for (const address of [from, ...to])
    if (!/^[^\s@<>,;:"]{1,64}@[a-zA-Z0-9.-]{1,253}$/.test(address))
      throw invalid(`${JSON.stringify(address.slice(0, 80))} is no mail address`);
}

function checkUrl(text: string, protocols: readonly string[], form: string): URL {
  const url = text.length <= 1000 ? URL.parse(text) : null;
  if (url !== null && protocols.includes(url.protocol) && url.hostname !== '') return url;
  throw invalid(`${JSON.stringify(text.slice(0, 80))} is no address of this kind: expected ${form}`);
}

function invalid(found: string): HoldfastError {
  return new HoldfastError('channel_invalid', found);
}

/** What a channel is opened or signed with, as the keystore of this machine holds it. */
export function channelSecret(keystore: Keystore, name: string): Secret<string> | undefined {
  const label = labelOf(name);
  if (!keystore.has(label)) return undefined;
  const held: Bytes = keystore.secret(label).reveal();
  return new Secret(Buffer.from(held).toString());
}

/** Keeps it, in the place of one of before. */
export async function keepSecret(keystore: Keystore, name: string, secret: Secret<string>): Promise<void> {
  await keystore.update((entries) => {
    entries.putSecret(labelOf(name), new Secret(Buffer.from(secret.reveal())));
  });
}

/** Forgets it, and writes over what held it. */
export async function forgetSecret(keystore: Keystore, name: string): Promise<void> {
  if (keystore.has(labelOf(name))) await keystore.destroy(labelOf(name));
}

function labelOf(name: string): string {
  return `notice ${name}`;
}
