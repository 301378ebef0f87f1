import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { connectAdmin } from '../../admin/index.ts';
import { hasAuthority, lockHome } from '../../authority/index.ts';
import { HoldfastError, makePrivateDirectory } from '../../base/index.ts';
import { sesamFiles } from '../../compat/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import type { AuthorityHome } from '../home/authority-home.ts';
import { authorityRows, createAuthorityHome } from '../home/creating.ts';
import { checkHome, type Home, openHome } from '../home/home.ts';
import { keystorePassphrase } from '../home/keystore-passphrase.ts';
import { readSettings } from '../home/settings.ts';
import { addCreationOptions, type CreationOptions } from '../options/creation-options.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { madeFilesPath } from '../vendor/made-files.ts';
import {
  isThere,
  type PlaceOptions,
  prepareDirectory,
  replacedName,
  sesamPath,
  setAside,
  writeFiles,
} from '../vendor/written-files.ts';
import type { Word } from '../word.ts';
import { addPlaceOptions } from './place-options.ts';

/** `holdfast sm_ssl_cert ca` */
export const word: Word = {
  define: (command) => {
    const summary = 'make the root certificate and key: ini/ca/rootCA.pem, rootCA.key';
    addPlaceOptions(command.description(summary))
      .option('--replace', 'put an authority that is there into an archive first')
      .addHelpText('after', examples);
    addCreationOptions(command);
  },
  run: makeCa,
};

const examples = `
Examples:
  sm_ssl_cert ca
  sm_ssl_cert ca --ini /srv/sesam/ini --names vault.example --network backup.example
`;

export interface CaOptions extends PlaceOptions, CreationOptions {
  /** Put the authority that is there into an archive and make another one. */
  readonly replace?: boolean;
}

interface RootFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * `sm_ssl_cert ca`: an authority, with its root as `rootCA.pem` and `rootCA.key`. Over an authority, or over such files,
 * it refuses; `--replace` puts them aside first.
 */
async function makeCa(context: Context, options: CaOptions): Promise<Answer> {
  const files = {
    certificate: sesamPath(context, sesamFiles.rootCertificate, options),
    key: sesamPath(context, sesamFiles.rootKey, options),
  };
  const home = await homeWithAuthority(context);
  if (options.replace !== true) await refuseExisting(home, files);
  const archive = home && (await archiveAuthority(context, home));
  await using opened = await createOrPutBack(context, options, { archive, files });
  const aside = [];
  for (const path of [files.key, files.certificate]) aside.push(await setAside(path, context.clock.now()));
  await writeRoot(context, opened, files);
  return await caAnswer(context, opened, files, [archive?.directory, ...aside]);
}

async function homeWithAuthority(context: Context): Promise<Home | undefined> {
  if ((await checkHome(context.home)) !== 'used' || !(await hasAuthority(context.home))) return undefined;
  return await openHome(context.home);
}

async function refuseExisting(home: Home | undefined, files: RootFiles): Promise<void> {
  const paths = [home?.authority, files.key, files.certificate];
  for (const path of paths) {
    if (path === undefined || !(await isThere(path))) continue;
    throw new HoldfastError('home_exists', `there is an authority already: ${path}`, {
      hint: 'sm_ssl_cert ca --replace puts it into an archive and makes another one: no certificate of the old one is valid then',
    });
  }
}

interface Archive {
  readonly home: Home;
  readonly directory: string;
  /** What an authority made in its place begins with where nothing else is said. */
  readonly options: CreationOptions;
}

async function archiveAuthority(context: Context, home: Home): Promise<Archive> {
  if ((await connectAdmin(home.socket, context.signal)) !== undefined) {
    throw new HoldfastError('home_in_use', `a server runs on ${home.path}`, { hint: 'end it first' });
  }
  const settings = await readSettings(home);
  const directory = join(home.path, replacedName(context.clock.now()));
  const lock = await lockHome(home.path);
  try {
    await makePrivateDirectory(directory);
    await moveAll(partsOf(home), directory);
  } finally {
    lock.release();
  }
  const { network, names, port, statusAddress } = settings ?? {};
  const options = { network, names, port, statusAddress };
  return { home, directory, options };
}

/** Makes the authority; when that fails, the one that was archived for it is put back. */
async function createOrPutBack(
  context: Context,
  options: CaOptions,
  { archive, files }: { readonly archive: Archive | undefined; readonly files: RootFiles },
): Promise<AuthorityHome> {
  try {
    const ready = () => prepareDirectory(files.certificate);
    return await createAuthorityHome(context, { ...archive?.options, ...options }, ready);
  } catch (error) {
    if (archive !== undefined) {
      const { home, directory } = archive;
      const parts = partsOf(home).map((path) => join(directory, basename(path)));
      await moveAll(parts, home.path);
    }
    throw error;
  }
}

/** What is moved when an authority is replaced, in this order: until its own directory is, it can go on with the rest. */
function partsOf(home: Home): string[] {
  return [madeFilesPath(home), home.node, home.recoveryKit, home.authority, home.settings];
}

async function moveAll(paths: readonly string[], directory: string): Promise<void> {
  for (const path of paths) if (await isThere(path)) await rename(path, join(directory, basename(path)));
}

async function writeRoot(
  context: Context,
  { home, settings, authority }: AuthorityHome,
  { certificate, key }: RootFiles,
): Promise<void> {
  const label = 'root-1';
  const passphrase = () => keystorePassphrase(context, home, settings);
  const keystore = await Keystore.open(home.authority, { passphrase });
  await authority.custody.noteWritten({ label, file: key, by: 'admin/local' });
  await writeFiles([
    { path: key, kind: sesamFiles.rootKey, text: privateKeyPem(exportPrivateKey(keystore.key(label))) },
    { path: certificate, kind: sesamFiles.rootCertificate, text: certificatePem(authority.root.der) },
  ]);
}

async function caAnswer(
  { output }: Context,
  opened: AuthorityHome,
  files: RootFiles,
  aside: readonly (string | undefined)[],
): Promise<Answer> {
  const archive = aside.filter((path) => path !== undefined);
  const { network, root } = opened.authority;
  output.warn(`${files.key} is not encrypted: keep it away from this machine`);
  const rows = [
    ...(await authorityRows(opened)),
    row('certificate', files.certificate, 'goes to every client and server'),
    row('key', files.key, 'belongs in a safe place'),
    ...archive.map((path) => row('archived', path)),
    row('next', 'sm_ssl_cert server --common-name=HOST   ·   sm_ssl_cert client'),
  ];
  return { value: { network, root: { fingerprint: root.fingerprint }, ...files, archive }, rows };
}
