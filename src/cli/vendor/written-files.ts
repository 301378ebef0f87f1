import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  HoldfastError,
  makePrivateDirectory,
  systemErrorCode,
  whyNotRead,
  whyNotWritten,
  writeFileAtomic,
} from '../../base/index.ts';
import { defaultIniDirectory, type SesamFile } from '../../compat/index.ts';
import { localPath } from '../files/local-path.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';

/** Where files of the vendor's layout go. */
export interface PlaceOptions {
  /** All of the command's files, without a directory of their own. */
  readonly path?: string;
  /** The `ini` directory, below which each kind of file has a directory of its own. */
  readonly ini?: string;
}

/**
 * The absolute path of a file: in `--path`, else in its place below `--ini`, `SESAM_INI` or the vendor's own directory.
 */
export function sesamPath(context: Context, file: SesamFile, { path, ini }: PlaceOptions): string {
  const { workingDirectory, environment } = context;
  if (path !== undefined) return join(localPath(workingDirectory, path), file.path.replace(/^.*\//, ''));
  const said = ini ?? environment.SESAM_INI;
  return join(localPath(workingDirectory, said || defaultIniDirectory), file.path);
}

const anotherFolder = 'name another folder, one that this user may write to, or can make';

/** Makes the directory of `file`, for its owner alone when it was not there, and sees that it can be written to. */
export async function prepareDirectory(file: string): Promise<void> {
  const directory = dirname(file);
  try {
    await makePrivateDirectory(directory);
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new HoldfastError(
      'path_not_found',
      `${directory}: ${whyNotWritten(cause) ?? 'it cannot be made'}, expected a folder to write ${file} into`,
      { hint: anotherFolder, cause },
    );
  }
}

/** Writes each file whole or not at all, with the mode of its kind; keys first. */
export async function writeFiles(
  files: readonly { readonly path: string; readonly kind: SesamFile; readonly text: string }[],
): Promise<void> {
  for (const { path, kind, text } of files) await writeFileAtomic(path, text, { mode: kind.mode });
}

/** Puts a file that is there aside under a name that tells when; gives that name, or undefined when there is none. */
export async function setAside(path: string, nowMs: number): Promise<string | undefined> {
  if (!(await isThere(path))) return undefined;
  const aside = `${path}.${replacedName(nowMs)}`;
  await rename(path, aside);
  await chmod(aside, 0o600);
  return aside;
}

/** Whether something is at `path`. @throws HoldfastError `path_not_found` where that cannot be seen */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return false;
    throw new HoldfastError('path_not_found', `${path}: ${whyNotRead(error)}`, {
      hint: anotherFolder,
      cause: error,
    });
  }
}

/** `replaced-20261121T130501Z-4f1c2a`: for what is put aside, never the same again. */
export function replacedName(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `replaced-${time}-${randomBytes(3).toString('hex')}`;
}

const Pair = Type.Object({ certificate: Type.String(), key: Type.String() }, { additionalProperties: false });

const MadeFiles = Type.Object(
  { client: Type.Optional(Pair), server: Type.Optional(Pair) },
  { additionalProperties: false },
);

/** Where `sm_ssl_cert` wrote its last certificates and keys: absolute paths. The keys are there and nowhere else. */
export type MadeFiles = Static<typeof MadeFiles>;

/** What is remembered in `home`. @throws HoldfastError `settings_invalid` */
export async function readMadeFiles(home: Home): Promise<MadeFiles> {
  const path = madeFilesPath(home);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '{}';
    throw error;
  });
  const value = parse(text);
  if (Check(MadeFiles, value)) return value;
  throw new HoldfastError('settings_invalid', `${path} does not say where sm_ssl_cert wrote its files`, {
    hint: 'delete it and run sm_ssl_cert client and sm_ssl_cert server again',
  });
}

/** Remembers what was written last of one kind. */
export async function rememberMade(home: Home, made: MadeFiles): Promise<void> {
  const all = { ...(await readMadeFiles(home)), ...made };
  await writeFileAtomic(madeFilesPath(home), `${JSON.stringify(all)}\n`);
}

/** Where it is remembered. */
export function madeFilesPath(home: Home): string {
  return join(home.path, 'sesam.json');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
