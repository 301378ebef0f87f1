import { joinNetwork, type Node, openNode, rejoinNode } from '../../agent/index.ts';
import type { CertificateRecord } from '../../authority/index.ts';
import { HoldfastError, isHoldfastError, minuteMs } from '../../base/index.ts';
import type { JoinCode } from '../../enrol/index.ts';
import { identityUri } from '../../pki/index.ts';
import { reachableNames } from '../../policy/index.ts';
import { machineName } from '../../transport/index.ts';
import { Keystore } from '../../trust/index.ts';
import { type AuthorityHome, enrolAddressesOf } from '../home/authority-home.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';

const codeLifetimeMs = 10 * minuteMs;

/**
 * The machine of the server as a client of it. It joins like any other machine, over TLS and with a code; one whose
 * certificate has expired comes back with a reissue code.
 * @throws HoldfastError `name_taken` where another machine has its name, `node_already_joined`
 */
export async function openLocalClient(context: Context, opened: AuthorityHome): Promise<Node> {
  const directory = opened.home.node;
  const node = await openNode(directory).catch((error: unknown) => {
    if (isHoldfastError(error, 'node_not_joined')) return undefined;
    throw error;
  });
  if (node === undefined)
    return joinNetwork(directory, await codeFor(context, opened, machineName()), context);
  if (node.identity.network !== opened.authority.network) {
    throw new HoldfastError('node_already_joined', `this machine is ${identityUri(node.identity)} already`, {
      hint: 'holdfast backup PATH saves to the server of that network; holdfast serve runs the authority of this home',
    });
  }
  const expired = node.certificate.notAfter.getTime() < context.clock.now();
  if (expired) await rejoinNode(node, await codeFor(context, opened, node.identity.name), context);
  return node;
}

/** What was issued to this home before, also by a run that was cut short, needs a code that says so. */
async function codeFor({ clock }: Context, opened: AuthorityHome, name: string): Promise<JoinCode> {
  const { authority, settings } = opened;
  const order = {
    role: 'client',
    name,
    addresses: enrolAddressesOf(settings, reachableNames(settings.names)),
    expiresAt: new Date(clock.now() + codeLifetimeMs),
  } as const;
  const [newest] = await authority.certificates.list({ role: 'client', name, limit: 1 });
  if (newest !== undefined && !(await holdsKeyOf(opened.home, newest))) throw taken(name);
  return authority.createToken({ ...order, reissue: newest !== undefined });
}

async function holdsKeyOf({ node }: Home, { certificate }: CertificateRecord): Promise<boolean> {
  return (await Keystore.exists(node)) && (await Keystore.open(node)).holdsKeyOf(certificate.spki);
}

function taken(name: string): HoldfastError {
  return new HoldfastError(
    'name_taken',
    `client/${name} was issued before, and its key is not in this home`,
    {
      hint: `holdfast serve, then holdfast join with a code from: holdfast token create --reissue ${name}, or of another name when another machine has that one`,
    },
  );
}
