import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, systemErrorCode } from '../../base/index.ts';
import { type SesamFile, sesamFiles } from '../../compat/index.ts';
import { certificatePem } from '../../pki/index.ts';
import { askAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { type MadeFiles, prepareDirectory, readMadeFiles, writeFiles } from './written-files.ts';

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
