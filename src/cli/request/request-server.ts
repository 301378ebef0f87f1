import { enrolAddress } from '../../agent/index.ts';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  bundleByFingerprint,
  bundleByRoot,
  isEnrolAddress,
  type JoinCode,
  type RequestServer,
} from '../../enrol/index.ts';
import { parseFingerprint } from '../../pki/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
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

/** A server that was found, or nothing is known of. */
interface Known {
  readonly address: string | undefined;
  readonly bundle: TrustBundle | undefined;
}

/**
 * The server that requests go to: the one that is said, that of a join code, or that of the network which this machine
 * has joined. Nobody is believed blindly: a stranger has to say the root.
 * @throws HoldfastError `usage` when it is not said, `join_code_wrong_authority`, `certificate_wrong_network`
 */
export async function requestServer(
  context: Context,
  options: ServerOptions,
  code?: JoinCode,
): Promise<RequestServer> {
  const { clock, signal, line } = context;
  const known = await ownNetwork(context);
  const said = options.server === undefined ? code?.addresses[0] : addressOf(options.server);
  const address = said ?? known.address;
  if (address === undefined) {
    throw new HoldfastError('usage', 'this machine has joined no network: which server?', {
      hint: 'name its enrolment listener: --server https://HOST:8444',
    });
  }
  const bundle =
    (await saidBundle(context, address, {
      ...options,
      fingerprint: options.fingerprint ?? code?.fingerprint,
    })) ?? known.bundle;
  if (bundle !== undefined) return { address, bundle, clock, signal, line };
  throw new HoldfastError('usage', `nothing says whom to believe about ${address}`, {
    hint: 'ask its administrator for the fingerprint of the root (holdfast ca show): --fingerprint SHA256:…, or --root FILE',
  });
}

async function saidBundle(
  { workingDirectory, signal, line }: Context,
  address: string,
  { fingerprint, root }: { readonly fingerprint?: string; readonly root?: string },
): Promise<TrustBundle | undefined> {
  if (root !== undefined) {
    const [der = new Uint8Array()] = await readCertificates(localPath(workingDirectory, root));
    return bundleByRoot(der);
  }
  if (fingerprint === undefined) return undefined;
  const parsed = parseFingerprint(fingerprint);
  if (parsed !== undefined) return await bundleByFingerprint(address, parsed, { signal, line });
  throw new HoldfastError(
    'usage',
    `--fingerprint ${fingerprint}: expected the SHA-256 of the root, 64 digits`,
    {
      hint: 'holdfast ca show at the server says it',
    },
  );
}

/** What this machine knows as a node. */
async function ownNetwork(context: Context): Promise<Known> {
  try {
    const { node } = await openOwnNode(context);
    return { address: enrolAddress(node), bundle: node.bundle.current };
  } catch (error) {
    if (isHoldfastError(error, 'node_not_joined', 'home_missing'))
      return { address: undefined, bundle: undefined };
    throw error;
  }
}

function addressOf(text: string): string {
  const address = text.replace(/^https:\/\//, '').replace(/\/$/, '');
  const withPort = /:\d+$/.test(address) ? address : `${address}:8444`;
  if (isEnrolAddress(withPort)) return withPort;
  throw new HoldfastError(
    'usage',
    `--server ${text}: expected an address such as https://vault.example:8444`,
    {
      hint: 'holdfast status at the server shows its listeners',
    },
  );
}
