import { resolve } from 'node:path';
import { HoldfastError, type Secret } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { askSecret } from '../terminal/ask.ts';
import { choosePassword, readPasswordFile } from '../terminal/given-password.ts';
import type { Home } from './home.ts';
import type { Settings } from './settings.ts';

const what = "passphrase of the authority's keystore";

/**
 * The passphrase that opens the keystore of an authority: of the file that was named, or of the one in the settings, else
 * typed. @throws HoldfastError `password_missing`, `path_not_found`
 */
export async function keystorePassphrase(
  context: Context,
  home: Home,
  settings: Settings,
): Promise<Secret<string>> {
  const kept = settings.authority?.keystorePassphraseFile;
  const file = context.keystorePassphraseFile ?? (kept && resolve(home.path, kept));
  if (file !== undefined) return await readPasswordFile(context, file);
  const typed = await askSecret(context, what);
  if (typed !== undefined) return typed;
  throw new HoldfastError('password_missing', `the ${what} was not given`);
}

/** The passphrase of a keystore that is to be made; undefined when a stash is to open it. */
export async function newKeystorePassphrase(
  context: Context,
  { keystorePassword: typed = false }: { readonly keystorePassword?: boolean },
): Promise<Secret<string> | undefined> {
  const { keystorePassphraseFile: file } = context;
  return file !== undefined || typed ? await choosePassword(context, file, what) : undefined;
}
