import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type Connection,
  connectNode,
  joinNetwork,
  type Node,
  openNode,
  recoverRepository,
} from '../agent/index.ts';
import { HoldfastError, type Secret, systemErrorCode } from '../base/index.ts';
import { type JoinCode, needsPassphrase, openRecoveryKit, type RecoveryKit } from '../enrol/index.ts';
import { isNamePattern } from '../pki/index.ts';
import type { StoredSnapshot } from '../repository/index.ts';
import { askSecret } from './ask-password.ts';
import type { Context } from './context.ts';
import { formatTime, plural } from './format.ts';
import { checkHome, openHome } from './home.ts';
import { readJoinCode } from './joining.ts';
import { readPasswordFile } from './password-file.ts';
import { serveMeanwhile } from './serve-meanwhile.ts';
import { withHome } from './with-home.ts';

/** What `recover` takes. */
export interface RecoverOptions {
  readonly kit: string;
  readonly passphraseFile?: string;
  readonly repo?: string;
}

/**
 * `holdfast recover`: this machine becomes the one that was lost, and opens its repository. The kit is looked at before
 * the code is used, since using it ends the certificates of the lost machine.
 */
export async function recover(
  context: Context,
  codeText: string | undefined,
  options: RecoverOptions,
): Promise<void> {
  const kit = await readKit(context, options);
  const code = codeText === undefined ? undefined : await readJoinCode(codeText);
  if (code !== undefined) checkCode(code, kit);
  await using held = new AsyncDisposableStack();
  const serving = await serverOfThisHome(context, code);
  if (serving !== undefined) held.use(serving);
  const node = await becomeNode(context, code);
  using connection = await connectNode(node, context);
  const place = await connection.place({ url: options.repo });
  const repository = await recoverRepository(connection, place, { kit, signal: context.signal });
  const snapshots = await repository.snapshots({ signal: context.signal });
  sayRecovered(context, connection, snapshots);
}

/** The recovery kit in a file. Errors: `path_not_found`, and as {@link openRecoveryKit}. */
export async function readKit(
  context: Context,
  { kit: file, passphraseFile }: Pick<RecoverOptions, 'kit' | 'passphraseFile'>,
): Promise<RecoveryKit> {
  const path = resolve(context.workingDirectory, file);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new HoldfastError(
      'path_not_found',
      `recovery kit ${path}: ${systemErrorCode(cause) ?? 'unreadable'}`,
      {
        hint: 'name the file with --kit FILE',
        cause,
      },
    );
  });
  return await openRecoveryKit(text, await passphraseFor(context, text, passphraseFile));
}

async function passphraseFor(
  context: Context,
  text: string,
  file: string | undefined,
): Promise<Secret<string> | undefined> {
  if (file !== undefined) return await readPasswordFile(context, file);
  return needsPassphrase(text) ? await askSecret('passphrase of the recovery kit') : undefined;
}

/** A code of another network, or for something that has no repository, is not used up. */
function checkCode({ network, fingerprint, role, name }: JoinCode, kit: RecoveryKit): void {
  if (network !== kit.network || fingerprint !== kit.root) {
    throw new HoldfastError(
      'recovery_kit_foreign',
      `the recovery kit is of ${kit.network} with the root ${kit.root}, the code of ${network} with ${fingerprint}`,
    );
  }
  if (role === 'client' && !isNamePattern(name)) return;
  throw new HoldfastError(
    'usage',
    `the code is for ${role} ${name}, expected a reissue code for one client`,
    {
      hint: 'at the server: holdfast token create --reissue NAME',
    },
  );
}

/** On the server's own machine, a server for as long as this takes, when none runs. */
async function serverOfThisHome(
  context: Context,
  code: JoinCode | undefined,
): Promise<AsyncDisposable | undefined> {
  const used = (await checkHome(context.home)) === 'used';
  return used || code === undefined ? await serveMeanwhile(context, await openHome(context.home)) : undefined;
}

async function becomeNode(context: Context, code: JoinCode | undefined): Promise<Node> {
  if (code === undefined) return await openNode((await openHome(context.home)).node);
  return await withHome(context.home, (home) => joinNetwork(home.node, code, context));
}

function sayRecovered(
  { output }: Context,
  { node, server, repositoryUrl }: Connection,
  snapshots: readonly StoredSnapshot[],
): void {
  const { network, role, name } = node.identity;
  const newest = snapshots.at(-1);
  const at = newest && new Date(Number(newest.timeNs / 1_000_000n));
  if (output.json) {
    return output.value({
      network,
      role,
      name,
      server,
      certificate: { serial: node.certificate.serial, notAfter: node.certificate.notAfter.toISOString() },
      snapshots: snapshots.length,
      newest: newest && { id: newest.id, time: at?.toISOString(), paths: newest.paths },
    });
  }
  output.row(role, 'enrolled', `${name} of ${network}`, 'older certificates of this name are revoked');
  output.row(
    'repository',
    'opened with the recovery kit',
    repositoryUrl,
    'this machine has a key of its own now',
  );
  output.row('found', plural(snapshots.length, 'snapshot'));
  if (newest !== undefined && at !== undefined)
    output.row('newest', newest.id.slice(0, 8), formatTime(at), newest.paths.join(', '));
  output.row('next', newest === undefined ? 'holdfast backup PATH' : 'holdfast restore latest --target DIR');
}
