import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  enrolAddress,
  type KnownServer,
  type PendingRequest,
  requestServer,
  type SaidServer,
  serverOfRequest,
} from '../../agent/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import type { JoinCode, RequestServer } from '../../enrol/index.ts';
import { type KeyAlgorithm, keyAlgorithms } from '../../pki/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { ListOption } from './option-values.ts';

/** Which server, and how it is known. */
export interface ServerOptions {
  readonly server?: string;
  readonly fingerprint?: string;
  readonly root?: string;
}

/** Adds the options that say which server, and how it is known. */
export function addServerOptions(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'the enrolment listener, e.g. https://vault.example:8444 (default: of this network)',
    )
    .option('--fingerprint <sha256>', 'of the root of its network, as its administrator says it')
    .option('--root <file>', 'the root of its network');
}

/** The server that is said, that of a join code, or this machine's own. Errors: as {@link requestServer} */
export async function saidServer(
  context: Context,
  { server, fingerprint, root }: ServerOptions,
  code?: JoinCode,
): Promise<RequestServer> {
  const [der] = root === undefined ? [] : await readCertificates(localPath(context.workingDirectory, root));
  const said: SaidServer = {
    server: server ?? code?.addresses[0],
    fingerprint: fingerprint ?? code?.fingerprint,
    root: der,
  };
  return await requestServer(said, await knownServer(context), context);
}

/** The server that a pending request was handed in at, unless another one is said. Errors: as {@link requestServer} */
export async function serverOf(
  context: Context,
  pending: PendingRequest,
  { server, fingerprint, root }: ServerOptions,
): Promise<RequestServer> {
  const isSaid = server !== undefined || fingerprint !== undefined || root !== undefined;
  const known = isSaid ? undefined : await serverOfRequest(pending, context);
  const at = { server: server ?? pending.submitted?.server, fingerprint, root };
  return known ?? (await saidServer(context, at));
}

/** What this machine knows as a node. */
async function knownServer(context: Context): Promise<KnownServer> {
  try {
    const { node } = await openOwnNode(context);
    return { address: enrolAddress(node), bundle: node.bundle.current };
  } catch (error) {
    if (isHoldfastError(error, 'node_not_joined', 'home_missing'))
      return { address: undefined, bundle: undefined };
    throw error;
  }
}

/** What can be said when a network is created; kept in `holdfast.toml`, later said for one run only. */
export interface CreationOptions {
  readonly network?: string;
  readonly names?: readonly string[];
  readonly port?: number;
  readonly statusAddress?: string;
  readonly kitPasswordFile?: string;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly permit?: readonly string[];
  readonly keystorePassword?: boolean;
  readonly database?: string;
}

/** The first of the three ports when nothing is said. */
export const defaultPort = 8443;

/** Adds the options of `init` and `up`. */
export function addCreationOptions(command: Command): Command {
  return addServingOptions(command)
    .option('--network <name>', 'name of the network (default: backup.<hostname>)')
    .option('--status-address <url>', 'stable URL inside certificates (default: port + 2 of the first name)')
    .addOption(databaseOption())
    .option('--kit-password-file <file>', 'protect the recovery kit with the passphrase in this file')
    .option(
      '--keystore-password',
      "protect the authority's keys with a passphrase typed here, instead of a stash file",
    )
    .addOption(
      new ListOption('--permit <list>', 'domains and address ranges that may be certified (default: any)'),
    )
    .addOption(
      new Option('--key-algorithm <kind>', "kind of the authority's own keys (default: p256)").choices(
        keyAlgorithms,
      ),
    );
}

/** Which database the records of the authority are put in. */
export function databaseOption(): Option {
  return new Option(
    '--database <url>',
    'keep the records in this PostgreSQL database, postgres://user@host/database (default: a file in the home)',
  ).argParser(parseDatabaseUrl);
}

/** Words of a command line can be read by everybody on the machine. */
export function parseDatabaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw new InvalidArgumentError('expected postgres://user@host/database');
  if (url.password === '') return text;
  throw new InvalidArgumentError(
    'a password does not belong in a command line: put it into ~/.pgpass, or add ?passfile=FILE',
  );
}

/** Adds the options that `serve` shares with them. */
export function addServingOptions(command: Command): Command {
  return command
    .option('--port <n>', `first of three ports (default: ${defaultPort})`, parsePort)
    .addOption(new ListOption('--names <list>', 'host names and addresses of this server'));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65533) return port;
  throw new InvalidArgumentError('expected a port from 1 to 65533');
}
