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
import { defaultIniDirectory, type SesamFile, sesamFiles } from '../../compat/index.ts';
import { certificatePem } from '../../pki/index.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import { type Home, openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';

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

/** `cert export --layout sesam` at the server: the root, and the last client and server that `sm_ssl_cert` made. */
export async function exportMade(context: Context, directory: string): Promise<Answer> {
  const made = await readMadeFiles(await openHome(context.home));
  if (made.client === undefined && made.server === undefined) {
    throw new HoldfastError('object_not_found', 'sm_ssl_cert has made no client and no server here', {
      hint: 'holdfast sm_ssl_cert client, or on the machine that is to have the files: holdfast join',
    });
  }
  const { certificates } = await askAdmin(context, (admin) => admin.call('ca.export', {}));
  const files = [
    ...(await textsOf(made.client, sesamFiles.clientKey, sesamFiles.clientCertificate)),
    ...(await textsOf(made.server, sesamFiles.serverKey, sesamFiles.serverCertificate)),
    { kind: sesamFiles.rootCertificate, text: certificates.map(pemOf).join('') },
  ].map((file) => ({ ...file, path: join(directory, file.kind.path) }));
  for (const { path } of files) await prepareDirectory(path);
  await writeFiles(files);
  return {
    value: { files: files.map(({ path }) => path) },
    rows: [row('exported', directory, 'as they are now: copied files do not renew themselves')],
  };
}

async function textsOf(
  pair: MadeFiles['client'],
  key: SesamFile,
  certificate: SesamFile,
): Promise<{ readonly kind: SesamFile; readonly text: string }[]> {
  if (pair === undefined) return [];
  return [
    { kind: key, text: await readMade(pair.key) },
    { kind: certificate, text: await readMade(pair.certificate) },
  ];
}

async function readMade(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${path}, which sm_ssl_cert wrote: ${systemErrorCode(cause)}`, {
      hint: 'it was moved to its machine: make another one with sm_ssl_cert',
      cause,
    });
  });
}

function pemOf(base64: string): string {
  return certificatePem(Buffer.from(base64, 'base64'));
}
