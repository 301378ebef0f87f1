import { HoldfastError } from '../base/index.ts';
import type { EscrowFingerprint, JoinCode, RecoveryKit } from '../enrol/index.ts';
import { isNamePattern } from '../pki/index.ts';
import type { SnapshotListOptions, StoredSnapshot } from '../repository/index.ts';
import type { Connection } from './connection.ts';
import type { Node } from './node.ts';
import { adoptEscrowed, type EscrowedRepository, openEscrowed } from './open-escrowed.ts';
import { escrowsIn } from './repository-keys.ts';

/** How a machine takes its repository back. */
export interface RecoverOptions {
  readonly kit: RecoveryKit;
  /** Which repository; the machine's own unless said. */
  readonly url?: string | undefined;
  /** Of what the machine left, where a person knows it, who then means that and nothing else. */
  readonly fingerprint?: EscrowFingerprint | undefined;
  /** Take what is not known to be of this machine, be it that something else is. */
  readonly trustServer: boolean;
  readonly signal: AbortSignal;
}

/** What a kit has opened, before anything of it is kept. */
export interface Recovery {
  readonly connection: Connection;
  /** Where the repository is. */
  readonly location: string;
  readonly found: EscrowedRepository;
  /** All of the repository, the oldest first. */
  readonly snapshots: readonly StoredSnapshot[];
}

/** What is said and asked while a machine takes its repository back. */
export interface RecoveryTold extends Pick<SnapshotListOptions, 'onDamaged' | 'onFuture'> {
  readonly found: (recovery: Recovery) => void;
  /** Whether what nothing proves to be of this machine is to be used; not asked where the server is trusted. */
  readonly accept: (recovery: Recovery) => Promise<boolean>;
}

/**
 * Whether a reissue code goes with a kit. One of another network, or for something that has no repository, is not used up: its
 * use ends the certificates of the lost machine.
 * @throws HoldfastError `recovery_kit_foreign`, `usage`
 */
export function checkRecoveryCode({ network, fingerprint, role, name }: JoinCode, kit: RecoveryKit): void {
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

/**
 * Opens the repository of a machine that was lost by what it left with the server, shows what is in it, and keeps a key to it
 * unless somebody says that it is not theirs. A snapshot that cannot be read keeps nobody from the others.
 * @throws HoldfastError as {@link openEscrowed}; `interrupted` when it is not accepted, and nothing of it was kept
 */
export async function recoverRepository(
  connection: Connection,
  { kit, url, fingerprint, trustServer, signal }: RecoverOptions,
  { found: tell, accept, onDamaged, onFuture }: RecoveryTold,
): Promise<Recovery> {
  const place = await connection.place(url === undefined ? {} : { url });
  const known = fingerprint === undefined ? knownOf(kit, connection.node) : [fingerprint];
  const found = await openEscrowed(connection, place, { kit, known, trustServer, signal });
  const snapshots = await found.repository.snapshots({ signal, onDamaged, onFuture });
  const recovery = { connection, location: place.store.location, found, snapshots };
  tell(recovery);
  if (found.proof !== 'known' && !trustServer && !(await accept(recovery)))
    throw new HoldfastError('interrupted', 'nothing of it was kept');
  await adoptEscrowed(place, found, signal);
  return recovery;
}

/** What the kit names; else what this machine itself remembers, where it is not a new one. */
function knownOf({ escrows }: RecoveryKit, { identity, keystore }: Node): EscrowFingerprint[] {
  const named = escrows.filter(({ node }) => node === `${identity.role}/${identity.name}`);
  const known = named.length > 0 ? named : escrowsIn(keystore);
  return known.map(({ fingerprint }) => fingerprint);
}
