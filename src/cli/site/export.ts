import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  HoldfastError,
  makePrivateDirectory,
  systemErrorCode,
  whyNotWritten,
  writeFileAtomic,
} from '../../base/index.ts';
import { checkNotServed, privateFiles, publicFiles } from '../../sync/index.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { addRules, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import { readPasswordFile } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';
import { servedFolders } from './served-folders.ts';

/** `holdfast site export DIR` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--with-keys', '--password-file'), needs('--password-file', '--with-keys'))
      .description(
        'write what the other side needs to trust this site into a folder: nothing in it is secret',
      )
      .argument('<dir>', 'a folder, made when there is none; what is of this site in it is replaced')
      .option('--with-keys', 'for programs of this machine: .pfx and .pvk with the private keys as well')
      .option('--password-file <file>', 'the password that opens the .pfx')
      .addHelpText('after', examples);
  },
  run: exportSite,
};

const examples = `
Examples:
  holdfast site export to-the-other-side
  holdfast site export keys-of-this-machine --with-keys --password-file pfx-password
`;

interface ExportOptions {
  readonly withKeys?: boolean;
  readonly passwordFile?: string;
}

/** `holdfast site export DIR` */
async function exportSite(context: Context, folder: string, options: ExportOptions): Promise<Answer> {
  const directory = localPath(context.workingDirectory, folder);
  await checkNotServed(directory, await servedFolders(await openHome(context.home)));
  const { passwordFile } = options;
  const password = passwordFile === undefined ? undefined : await readPasswordFile(context, passwordFile);
  const { links, files } = await inFolder(directory, async (names) => {
    const links = await ownLinks(context);
    checkAlone(directory, names, links.own.site);
    const secret = password === undefined ? [] : await privateFiles(links, password);
    return { links, files: [...publicFiles(links), ...secret] };
  });
  for (const { name, bytes, isPrivate } of files)
    await writeFileAtomic(join(directory, name), bytes, { mode: isPrivate ? 0o600 : 0o644 }).catch(
      notWritten(directory),
    );
  const names = files.map(({ name }) => name);
  const secrets = files.filter(({ isPrivate }) => isPrivate).map(({ name }) => name);
  return {
    value: { site: links.own.site, directory, files: names, private: secrets },
    rows: [
      ...names.map((name) => row('written', join(directory, name))),
      note(
        secrets.length === 0
          ? 'bring the folder to the other side, and there: holdfast site apply DIR'
          : `${secrets.join(', ')} are for this machine alone: whoever has one can stand in for this site`,
      ),
    ],
  };
}

/** Does `work` with the folder there and what is in it, which is taken back when it was made for nothing. @throws HoldfastError `path_not_found` */
async function inFolder<T>(directory: string, work: (names: readonly string[]) => Promise<T>): Promise<T> {
  const made = await makePrivateDirectory(directory).catch(notWritten(directory));
  try {
    return await work(await readdir(directory).catch(notWritten(directory)));
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true });
    throw error;
  }
}

/** @throws HoldfastError `site_files_mixed` where another site's files would lie beside */
function checkAlone(directory: string, names: readonly string[], site: string): void {
  const others = names.filter((name) => name.endsWith('.site') && name !== `${site}.site`);
  if (others.length === 0) return;
  throw new HoldfastError(
    'site_files_mixed',
    `${directory} has files of another site in it: ${others.join(', ')}`,
    {
      names: others,
    },
  );
}

function notWritten(directory: string): (error: unknown) => never {
  return (error) => {
    const why = whyNotWritten(error);
    if (why === undefined || systemErrorCode(error) === undefined) throw error;
    throw new HoldfastError('path_not_found', `${directory}: ${why}`, { cause: error });
  };
}
