import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type AuthorityKeys,
  hasAuthority,
  readAuthorityPkcs12,
  restorePkcs12,
} from '../../authority/index.ts';
import { HoldfastError, type Secret, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { defaultPort } from '../creation-options.ts';
import { checkHome, createHome, type Home } from '../home.ts';
import { machineNames } from '../machine.ts';
import { readSettings, writeSettings } from '../settings.ts';

const maxBytes = 16 * 1024 * 1024;

/** A file of keys, and what is to hold for the certificates that were issued with them before. */
export interface KeysToRestore {
  readonly file: string;
  readonly password: Secret<string>;
  /** None of them is accepted, and every machine joins again. */
  readonly reEnrol?: boolean;
}

/**
 * Makes an authority from a PKCS#12 file alone. The password is tried, and everything in the file looked at, before
 * anything is written.
 */
export async function restoreKeys(context: Context, restore: KeysToRestore): Promise<void> {
  const { file, password, reEnrol = false } = restore;
  const path = resolve(context.workingDirectory, file);
  if ((await checkHome(context.home)) === 'used' && (await hasAuthority(context.home)))
    throw alreadyThere(context.home);
  const authority = await readAuthorityPkcs12(await readBounded(path), password);
  const home = await createHome(context.home);
  await settle(home, authority);
  const result = await restorePkcs12(authority, {
    home: home.path,
    clock: context.clock,
    recoveryKit: { write: (text) => writeFileAtomic(home.recoveryKit, text.reveal()) },
    mirrors: [],
    ...(reEnrol && { logIsLost: 're-enrol: no certificate of before is accepted' }),
    by: 'admin/local',
  });
  sayRestored(context, home, authority, result instanceof HoldfastError);
}

/** Addresses of this machine, unless the home says them already; name and status address are those of the network. */
async function settle(home: Home, { network, statusAddress }: AuthorityKeys): Promise<void> {
  const settings = (await readSettings(home)) ?? { names: await machineNames(), port: defaultPort };
  await writeSettings(home, { ...settings, network, statusAddress });
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes)
      throw new HoldfastError('pkcs12_malformed', `${path} has ${size} bytes, expected at most ${maxBytes}`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError('path_not_found', `${path}: ${systemErrorCode(cause) ?? 'cannot be read'}`, {
      hint: 'name the file that certutil -backup wrote',
      cause,
    });
  }
}

function sayRestored(
  context: Context,
  home: Home,
  { network, certificates, keys }: AuthorityKeys,
  waits: boolean,
): void {
  const { output } = context;
  const labels = [...certificates.keys()].sort();
  const all = labels.map((label) => ({ label, held: keys.has(label) }));
  if (output.json)
    return output.value({ network, home: home.path, recoveryKit: home.recoveryKit, keys: all, waits });
  output.row('restored', network, `keys ${[...keys.keys()].sort().join(', ')}`);
  for (const { label } of all.filter(({ held }) => !held))
    output.warn(`the key ${label} was not in the file`);
  output.row('recovery', `new kit written to ${home.recoveryKit}`, 'move it off this machine');
  if (!waits) return output.row('next', 'holdfast serve   ·   holdfast token create NAME, for every machine');
  output.row('waiting', 'nothing is issued or accepted: it does not know what it issued and revoked before');
  output.row(
    'next',
    'holdfast ca restore --mirror PLACE   ·   without any: holdfast ca restore --log-is-lost WHY',
  );
}

function alreadyThere(home: string): HoldfastError {
  return new HoldfastError('home_exists', `the home ${home} already has an authority; nothing was changed`, {
    hint: 'restore into an empty place: --home DIR',
  });
}
