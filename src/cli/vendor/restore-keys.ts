import {
  type AuthorityKeys,
  type CaughtUp,
  hasAuthority,
  readAuthorityPkcs12,
  restorePkcs12,
} from '../../authority/index.ts';
import { HoldfastError, type Secret, writeFileAtomic } from '../../base/index.ts';
import { type LostChoices, whyLost } from '../ca/why-lost.ts';
import { localPath } from '../files/local-path.ts';
import { readChosenFile } from '../files/read-chosen-file.ts';
import { checkMirror, mirrorAt } from '../home/care-of.ts';
import { checkHome, type Home, homeAt } from '../home/home.ts';
import { newKeystorePassphrase } from '../home/keystore-passphrase.ts';
import { machineNames } from '../home/machine.ts';
import { inNewHome } from '../home/new-home.ts';
import { checkMayHoldAuthority } from '../home/one-network.ts';
import { checkSettings, databaseOf, readSettings, type Settings } from '../home/settings.ts';
import { defaultPort } from '../options/creation-options.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import { isThere } from './written-files.ts';

const maxBytes = 16 * 1024 * 1024;

/** A file of keys, and what is to hold for the certificates that were issued with them before. */
export interface KeysToRestore extends LostChoices {
  readonly file: string;
  readonly password: Secret<string>;
  /** Where the log of the authority is, which knows all of them: directories, URLs. */
  readonly mirror?: readonly string[];
  /** Of this machine as the server. */
  readonly names?: readonly string[];
  readonly port?: number;
}

/**
 * Makes an authority from a PKCS#12 file alone. The password is tried, and everything in the file looked at, before
 * anything is written.
 */
export async function restoreKeys(context: Context, restore: KeysToRestore): Promise<Answer> {
  const { file, password, mirror = [] } = restore;
  const path = localPath(context.workingDirectory, file);
  if ((await checkHome(context.home)) === 'used' && (await hasAuthority(context.home)))
    throw alreadyThere(context.home);
  for (const place of mirror) await checkMirror(place, context.workingDirectory);
  const lost = whyLost(restore);
  const authority = await readAuthorityPkcs12(await readBounded(path), password);
  await checkMayHoldAuthority(context.home, authority.network);
  await checkNoKit(context.home);
  const passphrase = await newKeystorePassphrase(context, {});
  const settings = await settingsFor(homeAt(context.home), authority, restore);
  const { home, result } = await inNewHome(context.home, settings, async (home) => {
    const result = await restorePkcs12(authority, {
      home: home.path,
      database: databaseOf(settings),
      clock: context.clock,
      passphrase,
      recoveryKit: { write: (text) => writeFileAtomic(home.recoveryKit, text.reveal()) },
      mirrors: mirror.map((one) => mirrorAt(one, context.workingDirectory)),
      ...(lost !== undefined && { logIsLost: lost }),
      trustIssued: restore.trustIssued === true,
      rootFrom: [...authority.keys.keys()].some((label) => label.startsWith('root-')) ? path : undefined,
      by: 'admin/local',
    });
    return { home, result };
  });
  if (authority.weakness !== undefined)
    context.output.warn(`${path} protects what is in it weakly: ${authority.weakness}; destroy it`);
  return restoredAnswer({ home, authority, result, trusted: restore.trustIssued === true });
}

/** The kit of before opens older backups and the repositories of clients, and nothing else does. */
async function checkNoKit(directory: string): Promise<void> {
  const { recoveryKit } = homeAt(directory);
  if (!(await isThere(recoveryKit))) return;
  throw new HoldfastError('object_exists', `there is a recovery kit at ${recoveryKit}; nothing was changed`, {
    hint: 'move it to a safe place first: it opens what was sealed before, and a new one is made here',
  });
}

/** Addresses of this machine, unless the home says them already; name and status address are those of the network. */
async function settingsFor(
  home: Home,
  { network, statusAddress }: AuthorityKeys,
  { names, port }: KeysToRestore,
): Promise<Settings> {
  const settings = (await readSettings(home)) ?? { names: await machineNames(), port: defaultPort };
  const said = { ...(names && { names: [...names] }), ...(port !== undefined && { port }) };
  const proposed = { ...settings, ...said, network, statusAddress };
  checkSettings(proposed);
  return proposed;
}

async function readBounded(path: string): Promise<Buffer> {
  const hint = 'name the file that certutil -backup wrote';
  return await readChosenFile(path, { maxBytes, hint, tooLong: 'pkcs12_malformed' });
}

interface Outcome {
  readonly home: Home;
  readonly authority: AuthorityKeys;
  readonly result: CaughtUp | HoldfastError;
  readonly trusted: boolean;
}

function restoredAnswer(outcome: Outcome): Answer {
  const { home, authority, result } = outcome;
  const { network, certificates, keys } = authority;
  const waits = result instanceof HoldfastError;
  const all = [...certificates.keys()].sort().map((label) => ({ label, held: keys.has(label) }));
  const value = { network, home: home.path, recoveryKit: home.recoveryKit, keys: all, waits };
  return { value, rows: restoredRows(outcome, all) };
}

function* restoredRows(
  { home, authority: { network, keys }, result, trusted }: Outcome,
  all: readonly { readonly label: string; readonly held: boolean }[],
): Iterable<Row> {
  yield row('restored', network, `keys ${[...keys.keys()].sort().join(', ')}`);
  for (const { label } of all.filter(({ held }) => !held))
    yield warning(`the key ${label} was not in the file`);
  yield row('recovery', `new kit written to ${home.recoveryKit}`, 'move it off this machine');
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
  const rejoin = result.mirror === undefined && !trusted;
  yield row(
    'next',
    rejoin ? 'holdfast serve   ·   holdfast token create NAME, for every machine' : 'holdfast serve',
  );
}

function alreadyThere(home: string): HoldfastError {
  return new HoldfastError('home_exists', `the home ${home} already has an authority; nothing was changed`, {
    hint: 'restore into an empty place: --home DIR',
  });
}
