import { openRepositoryAt, readNodeState } from '../agent/index.ts';
import { hasAuthority } from '../authority/index.ts';
import { HoldfastError, isHoldfastError, silentLog } from '../base/index.ts';
import { defaultListeners } from '../policy/index.ts';
import { type ConnectionInfo, listen } from '../transport/index.ts';
import { type NamedPaths, namedPaths } from './files/local-path.ts';
import { type AuthorityHome, openAuthorityHome } from './home/authority-home.ts';
import { authorityRows, checkBegins, createAuthorityHome } from './home/creating.ts';
import { checkHome, type Home, openHome } from './home/home.ts';
import { connectOwn, joiningItself } from './home/own-node.ts';
import { addExcludeOptions, type ExcludeOptions } from './options/repository-options.ts';
import { addCreationOptions, type CreationOptions, defaultPort } from './options/server-options.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import {
  type BackupChoices,
  backUp,
  backupRows,
  type KeptBackup,
  readExcludes,
} from './repository/backing-up.ts';
import {
  comparingWithBefore,
  recordBackup,
  type Verified,
  verifyBackup,
} from './repository/recording-backup.ts';
import { describeConnection } from './repository/repository-target.ts';
import { openLocalClient } from './serving/local-client.ts';
import { type Serving, sayServer, startServing, untilOver } from './serving/serving.ts';
import { printRows } from './terminal/answer.ts';
import { formatRemaining, formatTime, plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** `holdfast up [PATH…]` */
export const word: Word = {
  define: (command) => {
    addExcludeOptions(
      addCreationOptions(command.argument('[paths...]', 'what to back up (default: this folder)')),
    )
      .option('--once', 'end when the backup is verified instead of going on as the server')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast up ~/Documents\n  holdfast up --once --port 9443 /etc\n',
      );
  },
  run: up,
};

/** What `up` takes. */
export interface UpOptions extends CreationOptions, ExcludeOptions {
  /** End when the backup is verified. */
  readonly once?: boolean;
}

/** `holdfast up`: everything, from nothing or from what is there, proved by reading it back. */
export async function up(context: Context, paths: readonly string[], options: UpOptions): Promise<void> {
  await using held = new AsyncDisposableStack();
  const { backup, serving } = await recordBackup(context, undefined, async () => {
    const sources = namedPaths(context, paths.length === 0 ? ['.'] : paths);
    const choices = { ...options, exclude: await readExcludes(context, options) };
    const serving = await startAll(context, options, held);
    return { serving, backup: await backUpAndProve(context, serving, sources, choices) };
  });
  if (backup.unreadable > 0) process.exitCode = exitCode.someFilesUnread;
  context.output.row(
    'next',
    'holdfast restore latest --target DIR   ·   another machine: holdfast token create NAME',
  );
  if (options.once !== true) await untilOver(context, serving);
}

async function startAll(context: Context, options: UpOptions, held: AsyncDisposableStack): Promise<Serving> {
  const opened = held.use(await openOrCreate(context, options));
  const serving = held.use(await startServing(context, opened, options));
  printRows(context.output, await authorityRows(opened));
  sayServer(context, serving);
  return serving;
}

async function backUpAndProve(
  context: Context,
  serving: Serving,
  sources: NamedPaths,
  choices: BackupChoices,
): Promise<KeptBackup> {
  const { output, signal, clock } = context;
  const { opened, urls } = serving;
  const node = await openLocalClient(context, opened);
  using connection = await connectOwn(context, node, urls());
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  output.row('client', 'enrolled', node.identity.name, `certificate renews itself, next in ${renewal}`);
  const place = await connection.place({ cache: opened.home.cache });
  const repository = await openRepositoryAt(place, { create: true, signal });
  repository.onDamage((message) => output.warn(message));
  const backup = await comparingWithBefore(context, { place, repository }, () =>
    backUp(context, repository, sources, choices),
  );
  printRows(output, backupRows(describeConnection(connection), backup));
  const verified = await verifyBackup(context, connection, backup);
  sayVerified(context, verified);
  if (output.json) output.value(toJson(serving, node.identity.name, connection.security(), backup, verified));
  if (!verified.equal) throw differs(verified);
  return backup;
}

async function openOrCreate(context: Context, options: CreationOptions): Promise<AuthorityHome> {
  const used = (await checkHome(context.home)) === 'used' && (await hasAuthority(context.home));
  if (!used) {
    await checkBegins(context.home);
    await probePorts(options.port ?? defaultPort);
    return createAuthorityHome(context, options, { worker: true });
  }
  const home = await openHome(context.home);
  const opened = await openAuthorityHome(context, home, { worker: true }).catch(async (error: unknown) => {
    throw isHoldfastError(error, 'home_in_use') ? await besideServer(context, home, error) : error;
  });
  for (const said of passedOver(opened, options))
    context.output.warn(
      `this home has its authority already: ${said} counts when one is made, and changes nothing`,
    );
  return opened;
}

/** What to do where the server runs already: it takes backups, and has the home for itself. */
async function besideServer({ signal }: Context, home: Home, error: HoldfastError): Promise<HoldfastError> {
  const { connectAdmin } = await import('../admin/index.ts');
  if ((await connectAdmin(home.socket, signal)) === undefined) return error;
  const joins = (await readNodeState(home.node)) === undefined ? `${joiningItself()}, then ` : '';
  return new HoldfastError('home_in_use', `${error.message}, the server`, {
    hint: `${joins}holdfast backup PATH saves to the server that runs`,
    cause: error,
  });
}

/** What was said for an authority that is to be made, where it is not as it is there. */
function passedOver(
  { authority, settings }: AuthorityHome,
  { network, statusAddress, ...options }: CreationOptions,
): string[] {
  const said = {
    '--network': network !== undefined && network !== authority.network,
    '--status-address': statusAddress !== undefined && statusAddress !== settings.statusAddress,
    '--kit-password-file': options.kitPasswordFile !== undefined,
    '--keystore-password': options.keystorePassword === true,
    '--permit': options.permit !== undefined,
    '--key-algorithm': options.keyAlgorithm !== undefined,
  };
  return Object.entries(said).flatMap(([flag, isOther]) => (isOther ? [flag] : []));
}

function sayVerified({ output }: Context, { files, changed, equal, lastRead }: Verified): void {
  const verdict = equal ? 'all equal' : 'NOT all equal';
  const since = changed > 0 ? [`${plural(changed, 'file')} changed since`] : [];
  const last =
    lastRead === undefined
      ? ''
      : ` since ${formatTime(new Date(lastRead))}, when it was read back and compared`;
  const isNothing = files === 0 && changed === 0 && equal;
  const what = isNothing
    ? `nothing new${last}`
    : `${plural(files, 'file')} read back and compared, ${verdict}`;
  output.row('verified', what, ...since);
}

function differs({ different }: Verified): HoldfastError {
  const what = `${plural(different.length, 'file')} in the backup not as on the disk, each named above`;
  return new HoldfastError('verify_failed', what, {
    hint: 'holdfast check --read-data shows whether the repository is damaged',
  });
}

function toJson(
  { opened: { authority }, urls }: Serving,
  name: string,
  { protocol, group }: ConnectionInfo,
  { snapshot, files, bytes, added }: KeptBackup,
  verified: Verified,
): unknown {
  return {
    network: authority.network,
    root: { fingerprint: authority.root.fingerprint },
    server: { url: urls()[0] ?? '', protocol, group },
    client: { name },
    snapshot,
    backup: { files, bytes, added },
    verified: {
      files: verified.files,
      changed: verified.changed,
      equal: verified.equal,
      lastRead: verified.lastRead ?? null,
    },
  };
}

/**
 * Opens and closes the listeners that a new server on `port` will have, so that a port that is taken is known before
 * anything is made. @throws HoldfastError `port_in_use`, `settings_invalid`
 */
export async function probePorts(port: number): Promise<void> {
  for (const policy of defaultListeners(port)) {
    const listener = await listen({
      policy: { ...policy, kind: 'plain' },
      onConnection: (socket) => socket.destroy(),
      log: silentLog,
    });
    await listener.close();
  }
}
