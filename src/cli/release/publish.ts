import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type AdminClient, bringReleaseFile, type OperationAnswer } from '../../admin/index.ts';
import { HoldfastError, whyNotRead } from '../../base/index.ts';
import { namedPackage } from '../../enrol/index.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatBytes } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast release publish FILE…` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'offer packages of a newer version to the machines of the network, signed by its authority; the version is the one in their names',
      )
      .argument('<files...>', 'packages of one version: .deb, .rpm, or .tgz of npm pack')
      .addHelpText('after', examples);
  },
  run: publishRelease,
};

const examples = `
Each machine takes the file that is for it: holdfast update there, or by itself where its setting update is on.

Examples:
  holdfast release publish packages/holdfast_0.2.0_amd64.deb packages/holdfast_0.2.0_arm64.deb
  holdfast release publish packages/*.deb packages/*/*.rpm
`;

/** How much of a file is brought at a time, in bytes. */
const highWaterMark = 384 * 1024;

/** `holdfast release publish FILE…`: the files are brought in pieces, to a server elsewhere too. */
async function publishRelease(context: Context, words: readonly string[]): Promise<Answer> {
  const paths = words.map((each) => localPath(context.workingDirectory, each));
  for (const path of paths) await checkThere(path);
  const version = versionOf(paths);
  const answer = await withAdmin(context, async (admin) => {
    const files: { id: string; name: string }[] = [];
    for (const path of paths) files.push({ id: await bring(context, admin, path), name: basename(path) });
    return await admin.call('release.publish', { version, files });
  });
  return { value: answer, rows: releaseRows('published', answer) };
}

async function bring(context: Context, admin: AdminClient, path: string): Promise<string> {
  const source = createReadStream(path, { highWaterMark, signal: context.signal });
  return await bringReleaseFile(admin, source);
}

async function checkThere(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${path}: ${whyNotRead(cause)}`, { cause });
  });
  if (!found.isFile()) throw new HoldfastError('path_not_found', `${path} is no file`);
  await access(path, constants.R_OK).catch((cause: unknown) => {
    throw new HoldfastError('path_not_found', `${path}: ${whyNotRead(cause)}`, { cause });
  });
}

/** The version that all names have. @throws HoldfastError `release_invalid` */
function versionOf(paths: readonly string[]): string {
  const names = paths.map((path) => basename(path));
  const versions = new Set(names.map((name) => namedPackage(name)?.version));
  const [version] = versions;
  if (versions.size === 1 && version !== undefined) return version;
  throw new HoldfastError('release_invalid', `no one version is in all of these names: ${names.join(', ')}`, {
    hint: 'keep the names that npm run package and npm pack give, such as holdfast_0.2.0_amd64.deb',
  });
}

/** What is offered from now on. */
export function* releaseRows(
  label: string,
  { version, files }: OperationAnswer<'release.publish'>,
): Iterable<Row> {
  yield row(label, version ?? 'nothing is offered any more');
  for (const { name, bytes, sha256 } of files) yield row('file', name, formatBytes(bytes), sha256);
}
