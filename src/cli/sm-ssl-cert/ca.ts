import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Archive, archiveAuthority, hasAuthority } from '../../authority/index.ts';
import { HoldfastError, writeFileAtomic } from '../../base/index.ts';
import { sesamFiles } from '../../compat/index.ts';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { type AuthorityHome, keystorePassphrase, openAuthorityHome } from '../home/authority-home.ts';
import { authorityRows, createAuthorityHome } from '../home/creating.ts';
import { checkHome, type Home, openHome } from '../home/home.ts';
import { readSettings } from '../home/settings.ts';
import { addCreationOptions, type CreationOptions } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { addPlaceOptions } from '../vendor/issue-with-key.ts';
import {
  isThere,
  madeFilesPath,
  type PlaceOptions,
  prepareDirectory,
  replacedName,
  sesamPath,
  setAside,
  writeFiles,
} from '../vendor/written-files.ts';
import type { Word } from '../word.ts';

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
 * `sm_ssl_cert ca`: an authority, with its root as `rootCA.pem` and `rootCA.key`. Over an authority, or over such files, it
 * refuses; `--replace` puts them aside first. Cut short, it writes its files when it is said again.
 */
async function makeCa(context: Context, options: CaOptions): Promise<Answer> {
  const files = {
    certificate: sesamPath(context, sesamFiles.rootCertificate, options),
    key: sesamPath(context, sesamFiles.rootKey, options),
  };
  const home = await homeWithAuthority(context);
  if (options.replace !== true) {
    const finished = await writeMissing(context, home, files);
    if (finished !== undefined) return finished;
    await refuseExisting(home, files);
  }
  const aside = home && (await setAuthorityAside(context, home));
  const ready = async (): Promise<void> => {
    await prepareDirectory(files.certificate);
    await writeFileAtomic(markOf(files), '', { mode: 0o600 });
  };
  await using opened = await createAuthorityHome(context, { ...aside?.options, ...options }, { ready }).catch(
    async (error: unknown) => {
      // Where it could not be made it is not there.
      await rm(markOf(files), { force: true }).catch(() => {});
      await aside?.archive.putBack();
      throw error;
    },
  );
  const archived = [aside?.archive.directory];
  for (const path of [files.key, files.certificate]) archived.push(await setAside(path, context.clock.now()));
  const text = await rootKeyText(context, opened);
  if (text === undefined) throw new TypeError('an authority was made without the key of its root');
  await writeRoot(opened, files, text);
  return await caAnswer(context, opened, files, archived);
}

async function homeWithAuthority(context: Context): Promise<Home | undefined> {
  if ((await checkHome(context.home)) !== 'used' || !(await hasAuthority(context.home))) return undefined;
  return await openHome(context.home);
}

/** Is there from before the authority is made until its files are written. */
function markOf({ certificate }: RootFiles): string {
  return `${certificate}.unfinished`;
}

/** Finishes what was cut short between the authority and its files. Undefined where nothing was. */
async function writeMissing(
  context: Context,
  home: Home | undefined,
  files: RootFiles,
): Promise<Answer | undefined> {
  if (home === undefined || !(await isThere(markOf(files)))) return undefined;
  await using opened = await openAuthorityHome(context, home);
  const text = await rootKeyText(context, opened);
  // One of another authority stays as it is.
  const isOthers = (await isThere(files.key)) && (await readFile(files.key, 'utf8')) !== text;
  if (text === undefined || isOthers) return undefined;
  await writeRoot(opened, files, text);
  return await caAnswer(context, opened, files, []);
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

/** Puts the authority aside; gives with it what one made in its place begins with where nothing else is said. */
async function setAuthorityAside(
  context: Context,
  home: Home,
): Promise<{ readonly archive: Archive; readonly options: CreationOptions }> {
  const { network, names, port, statusAddress } = (await readSettings(home)) ?? {};
  const archive = await archiveAuthority({
    home: home.path,
    into: join(home.path, replacedName(context.clock.now())),
    settings: home.settings,
    beside: [madeFilesPath(home), home.node, home.recoveryKit],
  });
  return { archive, options: { network, names, port, statusAddress } };
}

const rootLabel = 'root-1';

/** The key of the root as its file has it; undefined where it is kept elsewhere. */
async function rootKeyText(context: Context, { home, settings }: AuthorityHome): Promise<string | undefined> {
  const passphrase = () => keystorePassphrase(context, home, settings);
  const keystore = await Keystore.open(home.authority, { passphrase });
  return keystore.has(rootLabel) ? privateKeyPem(exportPrivateKey(keystore.key(rootLabel))) : undefined;
}

async function writeRoot({ authority }: AuthorityHome, files: RootFiles, text: string): Promise<void> {
  const { certificate, key } = files;
  await authority.custody.noteWritten({ label: rootLabel, file: key, by: 'admin/local' });
  await writeFiles([
    { path: key, kind: sesamFiles.rootKey, text },
    { path: certificate, kind: sesamFiles.rootCertificate, text: certificatePem(authority.root.der) },
  ]);
  await rm(markOf(files));
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
