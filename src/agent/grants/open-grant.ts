import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { fetchGrants, type ReceivedGrant } from '../../enrol/index.ts';
import { unsealWithKey } from '../../pki/index.ts';
import type { TransferLimits } from '../../storage/index.ts';
import type { Connection } from '../connection.ts';
import { identityLabel } from '../node.ts';
import { keepKey, keysAt } from '../repository-keys.ts';
import type { RepositoryLocation } from '../repository-location.ts';
import { parseGrantContent } from './grant-content.ts';

/** Which grant, and how its repository is reached. */
interface OpenGrantOptions {
  /** Its number, or the client that it is from. */
  readonly wanted: string;
  readonly cache?: string | undefined;
  readonly limits: TransferLimits;
  readonly signal: AbortSignal;
}

/** Where the repository of a grant is, whose key is in the keystore by then. */
export interface GrantedPlace {
  readonly grant: ReceivedGrant;
  readonly place: RepositoryLocation;
}

/**
 * Opens what was sealed for this machine, and keeps its key: the newest grant of a client where that is named. A certificate that was
 * renewed since opens nothing, and what was opened before counts then.
 * @throws HoldfastError `object_not_found`, `grant_waiting`, `sealed_invalid`
 */
export async function openGrant(
  connection: Connection,
  { wanted, cache, limits, signal }: OpenGrantOptions,
): Promise<GrantedPlace> {
  const { node, server, dialer, line } = connection;
  const { received } = await fetchGrants({ dialer, server, line, signal });
  const grant = grantNamed(received, wanted);
  const { from, repository } = grant;
  const url = `${server}/${from}/${repository === undefined ? '' : `${repository}/`}`;
  const place = await connection.place({
    url,
    isGranted: true,
    limits,
    ...(cache !== undefined && { cache }),
  });
  try {
    await keepGranted(connection, place, grant);
  } catch (error) {
    const isKnown = keysAt(node.keystore, place.label).length > 0;
    if (!isKnown || !isHoldfastError(error, 'sealed_invalid', 'grant_waiting')) throw error;
  }
  return { grant, place };
}

async function keepGranted(
  { node }: Connection,
  { keystore, label: place }: RepositoryLocation,
  grant: ReceivedGrant,
): Promise<void> {
  const { id, from, sealed } = grant;
  if (sealed === undefined)
    throw new HoldfastError('grant_waiting', `grant ${id} of client ${from} is not sealed yet`);
  const own = { certificate: node.certificate, privateKey: node.keystore.key(identityLabel) };
  const bytes = unsealWithKey(Buffer.from(sealed, 'base64'), own);
  const key = parseGrantContent(bytes, { ...grant, network: node.identity.network });
  // Nothing of it is left with the server: it is another machine's.
  await keepKey(keystore, { place, ...key, since: grant.created, escrowed: true });
}

function grantNamed(received: readonly ReceivedGrant[], wanted: string): ReceivedGrant {
  const found = received.find(({ id, from }) => String(id) === wanted || from === wanted);
  if (found !== undefined) return found;
  const those = received.map(({ id, from }) => `${id} of ${from}`).join(', ');
  throw new HoldfastError(
    'object_not_found',
    `no grant ${JSON.stringify(wanted.slice(0, 80))} was given to this machine, or it is over; it has ${those === '' ? 'none' : those}`,
    {
      hint: 'at the server: holdfast grant list; holdfast grant create --from NAME --to NAME --expires 2d makes one',
    },
  );
}
