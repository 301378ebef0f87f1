import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import { fetchEscrow, type RecoveryKit, unsealWithKit } from '../enrol/index.ts';
import { openRepository, type Repository, thisMachine } from '../repository/index.ts';
import type { Connection } from './connection.ts';
import { keepOwnKey, type Place, randomPassword } from './place.ts';

/**
 * Opens the repository at `place` with a password that this client, or the machine that was it before, left with the
 * server and the recovery kit unseals; then gives this machine a key of its own, kept in its keystore.
 *
 * @throws HoldfastError `recovery_kit_foreign` for a kit that opens nothing of this network, `escrow_missing` when
 *   nothing was left for this repository, `repository_missing`
 */
export async function recoverRepository(
  connection: Connection,
  place: Place,
  { kit, signal }: { readonly kit: RecoveryKit; readonly signal: AbortSignal },
): Promise<Repository> {
  checkKit(connection, kit);
  const { dialer, server } = connection;
  const tried = new Set<string>();
  for await (const { sealed } of fetchEscrow({ dialer, server, signal })) {
    const bytes = await unsealWithKit(sealed, kit);
    const password = new Secret(Buffer.from(bytes.reveal()).toString('utf8'));
    if (tried.has(password.reveal())) continue;
    tried.add(password.reveal());
    const repository = await tryToOpen(place, password, signal);
    if (repository !== undefined) return await adopt(place, repository, signal);
  }
  throw nothingOpens(connection, place, tried.size);
}

/** Everything is sealed to the recovery key that the network named when this machine joined. */
function checkKit({ node: { identity, state } }: Connection, { recipient }: RecoveryKit): void {
  if (recipient === state.recoveryRecipient) return;
  throw new HoldfastError(
    'recovery_kit_foreign',
    `this recovery kit has another key than the network ${identity.network} seals to`,
  );
}

async function tryToOpen(
  { store }: Place,
  password: Secret<string>,
  signal: AbortSignal,
): Promise<Repository | undefined> {
  try {
    return await openRepository(store, { key: { password }, signal });
  } catch (error) {
    // It is that of another repository of this client.
    if (isHoldfastError(error, 'repository_wrong_key')) return undefined;
    throw error;
  }
}

/** The escrowed password stays with the server, to be used again another time. */
async function adopt(place: Place, repository: Repository, signal: AbortSignal): Promise<Repository> {
  const password = randomPassword();
  await repository.addKey(password, { ...thisMachine(), signal });
  await keepOwnKey(place, { password, masterKey: repository.masterKey, escrowed: true });
  return repository;
}

function nothingOpens({ node }: Connection, { store }: Place, tried: number): HoldfastError {
  const { role, name } = node.identity;
  const found = tried === 0 ? 'nothing was left there' : `none of the ${tried} keys left there opens it`;
  return new HoldfastError('escrow_missing', `${store.location}: ${found} for ${role} ${name}`);
}
