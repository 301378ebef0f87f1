import type { Command } from 'commander';
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
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';

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
