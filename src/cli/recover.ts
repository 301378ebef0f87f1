import {
  checkRecoveryCode,
  type EscrowProof,
  joinNetwork,
  type Node,
  type Recovery,
  readNodeState,
  recoverRepository,
} from '../agent/index.ts';
import { HoldfastError } from '../base/index.ts';
import {
  type EscrowFingerprint,
  type JoinCode,
  kitEscrowLine,
  parseEscrowFingerprint,
  type RemovedSnapshots,
} from '../enrol/index.ts';
import type { StoredSnapshot } from '../repository/index.ts';
import { checkHome, homeAt, openHome, withHome } from './home/home.ts';
import { checkMayHoldNode } from './home/may-hold.ts';
import { connectOwn, openOwnNode } from './home/own-node.ts';
import type { Context } from './program/context.ts';
import { warnOfFuture } from './repository/backup-history.ts';
import { repositoryUrl } from './repository/repository-target.ts';
import { serveMeanwhile } from './serving/serve-meanwhile.ts';
import { type Answer, askYes, printRows, type Row, row, warning } from './terminal/answer.ts';
import { formatTime, plural } from './terminal/format.ts';
import { givenJoinCode, type NamedKit, readKit } from './terminal/given-secrets.ts';
import type { Word } from './word.ts';

/** `holdfast recover [CODE] --kit FILE` */
export const word: Word = {
  define: (command) => {
    command
      .argument(
        '[code]',
        'the reissue code for this machine (default: asked for, or read from stdin, until it has joined)',
      )
      .requiredOption('--kit <file>', 'the recovery kit that init wrote')
      .option('--kit-password-file <file>', 'the passphrase of the kit, where it has one')
      .option(
        '--fingerprint <fingerprint>',
        'of what this machine left at the server, where the kit does not name it',
      )
      .option('--trust-server', 'take what is not known to be of this machine, without asking')
      .option('--repo <url>', "a further repository instead of this machine's own")
      .addHelpText('after', examples);
  },
  run: recover,
};

const examples = `
At the server, for the machine called laptop:
  holdfast token create --reissue laptop

Examples, on the new machine:
  holdfast recover --kit /media/safe/recovery-kit.txt
  holdfast restore latest --target / --overwrite

What opens the repository was left at the server, sealed; anybody can seal to a kit. The kit names the fingerprint of what
this machine left ("# Escrow client/laptop …"); where it does not, --fingerprint says it, from holdfast status
of that machine or from the audit log. Nothing else is taken then, unless --trust-server says so. Where nothing is known
you are shown what was found, and asked on a terminal: whoever has the server could have made all that is
restored, and read what is backed up from now on.
`;

/** What `recover` takes. */
interface RecoverOptions extends NamedKit {
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
async function recover(
  context: Context,
  codeText: string | undefined,
  options: RecoverOptions,
): Promise<Answer> {
  const { repo, trustServer = false } = options;
  const fingerprint = readFingerprint(options);
  const url = repo === undefined ? undefined : repositoryUrl(context.workingDirectory, repo);
  const kit = await readKit(context, options);
  const isNeeded = codeText !== undefined || !(await hasJoined(context));
  const code = isNeeded ? await givenJoinCode(context, codeText) : undefined;
  if (code !== undefined) checkRecoveryCode(code, kit);
  await using held = new AsyncDisposableStack();
  const serving = await serverOfThisHome(context, code);
  if (serving !== undefined) held.use(serving);
  const node = await becomeNode(context, code);
  using connection = await connectOwn(context, node);
  const recovered = await recoverRepository(
    connection,
    { kit, url, fingerprint, trustServer, signal: context.signal },
    {
      found: (recovery) => printRows(context.output, foundRows(recovery, code !== undefined)),
      accept: (recovery) => accept(context, recovery),
      onDamaged: (_, { message }) => context.output.warn(message),
      onFuture: (snapshot) => warnOfFuture(context, snapshot),
    },
  );
  return recoveredAnswer(recovered);
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

function readFingerprint({ fingerprint: text }: RecoverOptions): EscrowFingerprint | undefined {
  if (text === undefined) return undefined;
  const fingerprint = parseEscrowFingerprint(text);
  if (fingerprint !== undefined) return fingerprint;
  throw new HoldfastError('usage', `${JSON.stringify(text)} is no fingerprint: expected 32 or 64 hex digits`);
}

/** Before this machine keeps anything of it. Where nobody can be asked, that it was said has to do. */
async function accept(context: Context, { connection: { node } }: Recovery): Promise<boolean> {
  const { name } = node.identity;
  const question = `Nothing proves that ${name} left this. Is it what you expect, and shall it be used?`;
  return (await askYes(context, question)) !== false;
}

/** What the kit opened, before anything of it is kept. */
function* foundRows({ connection, found, snapshots, removed }: Recovery, reissued: boolean): Iterable<Row> {
  const { repository, fingerprint, proof } = found;
  const newest = snapshots.at(-1);
  const { role, name, network } = connection.node.identity;
  const ended = reissued ? ['older certificates of this name are revoked'] : [];
  yield row(role, 'enrolled', `${name} of ${network}`, ...ended);
  yield row('found', plural(snapshots.length, 'snapshot'));
  if (newest !== undefined) {
    const from = newest.hostname === undefined ? [] : [`of ${newest.hostname}`];
    yield row('newest', newest.id.slice(0, 8), formatTime(timeOf(newest)), ...from, newest.paths.join(', '));
  }
  if (removed !== undefined && removed.count > 0)
    yield row('removed', ...removedCells(removed), `at the server: holdfast trash restore ${name}`);
  yield row('sealed', fingerprint, saidOf[proof]);
  if (proof === 'known') return;
  yield warning(
    `only the server says that this is of ${name}: whoever has the server could have made password and repository ${repository.id.slice(0, 8)}`,
  );
}

/** Whoever took the machine may have had its snapshots removed as well. */
function removedCells({ count, lastRemoved }: RemovedSnapshots): string[] {
  const last = new Date(lastRemoved ?? '');
  // Whatever the server says of it.
  const when = Number.isNaN(last.getTime()) ? [] : [`the last ${formatTime(last)}`];
  return [`${plural(count, 'snapshot')}, in the trash of the server`, ...when];
}

const saidOf: Readonly<Record<EscrowProof, string>> = {
  known: 'as it is known',
  none: 'nothing proves it',
  contradicted: 'NOT what is known',
};

/** That this machine has its repository again. */
function recoveredAnswer(recovery: Recovery): Answer {
  const { connection, found, snapshots, removed } = recovery;
  const { node, server } = connection;
  const { network, role, name } = node.identity;
  const newest = snapshots.at(-1);
  const value = {
    network,
    role,
    name,
    server,
    certificate: { serial: node.certificate.serial, notAfter: node.certificate.notAfter.toISOString() },
    repository: found.repository.id,
    escrow: { fingerprint: found.fingerprint, proof: found.proof },
    snapshots: snapshots.length,
    ...(removed !== undefined && { removed: removed.count }),
    newest: newest && { id: newest.id, time: timeOf(newest).toISOString(), paths: newest.paths },
  };
  return { value, rows: recoveredRows(recovery) };
}

function* recoveredRows({ connection, location, found, snapshots }: Recovery): Iterable<Row> {
  const { fingerprint, proof } = found;
  const { role, name } = connection.node.identity;
  yield row('repository', 'opened with the recovery kit', location, 'this machine has a key of its own now');
  if (proof !== 'known')
    yield row('kit', 'write on it', kitEscrowLine({ node: `${role}/${name}`, fingerprint }));
  yield row('next', snapshots.length === 0 ? 'holdfast backup PATH' : 'holdfast restore latest --target DIR');
}

function timeOf({ timeNs }: StoredSnapshot): Date {
  return new Date(Number(timeNs / 1_000_000n));
}
