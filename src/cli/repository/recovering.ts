import {
  adoptEscrowed,
  type Connection,
  connectNode,
  type EscrowedRepository,
  escrowsIn,
  joinNetwork,
  type Node,
  openEscrowed,
  readNodeState,
} from '../../agent/index.ts';
import { HoldfastError, readChosenFile, type Secret } from '../../base/index.ts';
import {
  type EscrowFingerprint,
  type JoinCode,
  needsPassphrase,
  openRecoveryKit,
  parseEscrowFingerprint,
  type RecoveryKit,
} from '../../enrol/index.ts';
import { isNamePattern } from '../../pki/index.ts';
import type { StoredSnapshot } from '../../repository/index.ts';
import { localPath } from '../files/local-path.ts';
import { readPasswordFile } from '../files/password-file.ts';
import { checkHome, homeAt, openHome } from '../home/home.ts';
import { checkMayHoldNode } from '../home/one-network.ts';
import { openOwnNode } from '../home/own-node.ts';
import { withHome } from '../home/with-home.ts';
import { givenJoinCode } from '../joining/given-join-code.ts';
import type { Context } from '../program/context.ts';
import { serveMeanwhile } from '../serving/serve-meanwhile.ts';
import { type Answer, printRows } from '../terminal/answer.ts';
import { askSecret } from '../terminal/ask-password.ts';
import { askYes } from '../terminal/ask-yes.ts';
import { foundRows, recoveredAnswer } from './recovery-report.ts';
import { repositoryUrl } from './repository-place.ts';
import { warnOfFuture } from './wrong-clock.ts';

/** What `recover` takes. */
export interface RecoverOptions {
  readonly kit: string;
  readonly passphraseFile?: string;
  readonly repo?: string;
  /** Of what the machine is known to have left. */
  readonly fingerprint?: string;
  /** Take what is not known to be of this machine, be it that something else is. */
  readonly trustServer?: boolean;
}

/**
 * `holdfast recover`: this machine becomes the one that was lost, and opens its repository. The kit is looked at before
 * the code is used, since using it ends the certificates of the lost machine.
 */
export async function recover(
  context: Context,
  codeText: string | undefined,
  options: RecoverOptions,
): Promise<Answer> {
  const known = readFingerprint(options);
  const url = options.repo === undefined ? undefined : repositoryUrl(context.workingDirectory, options.repo);
  const kit = await readKit(context, options);
  const isNeeded = codeText !== undefined || !(await hasJoined(context));
  const code = isNeeded ? await givenJoinCode(context, codeText) : undefined;
  if (code !== undefined) checkCode(code, kit);
  await using held = new AsyncDisposableStack();
  const serving = await serverOfThisHome(context, code);
  if (serving !== undefined) held.use(serving);
  const node = await becomeNode(context, code);
  using connection = await connectNode(node, context);
  const reissued = code !== undefined;
  return await takeBack(context, connection, {
    ...options,
    url,
    kit,
    known: known ?? knownOf(kit, node),
    reissued,
  });
}

interface TakeBackOptions extends Pick<RecoverOptions, 'trustServer'> {
  readonly url: string | undefined;
  readonly kit: RecoveryKit;
  readonly known: readonly EscrowFingerprint[];
  readonly reissued: boolean;
}

/** Opens the repository, shows what is in it, and keeps a key to it unless somebody says that it is not theirs. */
async function takeBack(context: Context, connection: Connection, options: TakeBackOptions): Promise<Answer> {
  const { kit, known, url, trustServer = false, reissued } = options;
  const { signal } = context;
  const place = await connection.place({ url });
  const found = await openEscrowed(connection, place, { kit, known, trustServer, signal });
  const snapshots = await readSnapshots(context, found);
  const recovery = { connection, location: place.store.location, found, snapshots, reissued };
  printRows(context.output, foundRows(recovery));
  if (found.proof !== 'known' && !trustServer) await accept(context, connection.node);
  await adoptEscrowed(place, found, signal);
  return recoveredAnswer(recovery);
}

const maxKitBytes = 1024 * 1024;

/** The recovery kit in a file. Errors: `path_not_found`, and as {@link openRecoveryKit}. */
export async function readKit(
  context: Context,
  { kit: file, passphraseFile }: Pick<RecoverOptions, 'kit' | 'passphraseFile'>,
): Promise<RecoveryKit> {
  const path = localPath(context.workingDirectory, file);
  const bytes = await readChosenFile(path, {
    maxBytes: maxKitBytes,
    what: 'recovery kit',
    hint: 'name the file with --kit FILE',
    tooLong: 'recovery_kit_malformed',
  });
  const text = bytes.toString('utf8');
  return await openRecoveryKit(text, await passphraseFor(context, text, passphraseFile));
}

async function passphraseFor(
  context: Context,
  text: string,
  file: string | undefined,
): Promise<Secret<string> | undefined> {
  if (file !== undefined) return await readPasswordFile(context, file);
  return needsPassphrase(text) ? await askSecret(context, 'passphrase of the recovery kit') : undefined;
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

async function hasJoined({ home }: Context): Promise<boolean> {
  return (await checkHome(home)) === 'used' && (await readNodeState(homeAt(home).node)) !== undefined;
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
  if (code === undefined) return (await openOwnNode(context)).node;
  await checkMayHoldNode(context.home, code.network);
  return await withHome(context.home, (home) => joinNetwork(home.node, code, context));
}

/** What a person knows, who then means that and nothing else. */
function readFingerprint({ fingerprint: text }: RecoverOptions): readonly EscrowFingerprint[] | undefined {
  if (text === undefined) return undefined;
  const fingerprint = parseEscrowFingerprint(text);
  if (fingerprint !== undefined) return [fingerprint];
  throw new HoldfastError('usage', `${JSON.stringify(text)} is no fingerprint: expected 32 or 64 hex digits`);
}

/** What the kit names; else what this machine itself remembers, where it is not a new one. */
function knownOf({ escrows }: RecoveryKit, { identity, keystore }: Node): EscrowFingerprint[] {
  const named = escrows.filter(({ node }) => node === `${identity.role}/${identity.name}`);
  const known = named.length > 0 ? named : escrowsIn(keystore);
  return known.map(({ fingerprint }) => fingerprint);
}

/** One that cannot be read keeps nobody from the others. */
async function readSnapshots(
  context: Context,
  { repository }: EscrowedRepository,
): Promise<StoredSnapshot[]> {
  return await repository.snapshots({
    signal: context.signal,
    onDamaged: (_, { message }) => context.output.warn(message),
    onFuture: (snapshot) => warnOfFuture(context, snapshot),
  });
}

/** Before this machine keeps anything of it. Where nobody can be asked, that it was said has to do. */
async function accept(context: Context, { identity: { name } }: Node): Promise<void> {
  const answer = await askYes(
    context,
    `Nothing proves that ${name} left this. Is it what you expect, and shall it be used?`,
  );
  if (answer === false) throw new HoldfastError('interrupted', 'nothing of it was kept');
}
