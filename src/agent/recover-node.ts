import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import {
  type EscrowFingerprint,
  escrowFingerprint,
  fetchEscrow,
  fetchRemovedSnapshots,
  type JoinCode,
  type RecoveryKit,
  type RemovedSnapshots,
  type SealedPassword,
  unsealWithKit,
} from '../enrol/index.ts';
import { isNamePattern } from '../pki/index.ts';
import {
  openRepository,
  type Repository,
  randomPasswordCost,
  type SnapshotListOptions,
  type StoredSnapshot,
  thisMachine,
} from '../repository/index.ts';
import type { ObjectStore } from '../storage/index.ts';
import type { Connection } from './connection.ts';
import type { Node } from './node.ts';
import { escrowsIn } from './repository-keys.ts';
import { keepOwnKey, type RepositoryLocation, randomPassword } from './repository-location.ts';

/** How a machine takes its repository back. */
interface RecoverOptions {
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
  /** What was removed and could come back; undefined where the server does not tell. */
  readonly removed: RemovedSnapshots | undefined;
}

/** What is said and asked while a machine takes its repository back. */
interface RecoveryTold extends Pick<SnapshotListOptions, 'onDamaged' | 'onFuture'> {
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
  const { dialer, server, line } = connection;
  const removed = await fetchRemovedSnapshots({ dialer, server, signal, line });
  const recovery = { connection, location: place.store.location, found, snapshots, removed };
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

/** A repository that a sealed password opened. Nothing was changed, in it or on this machine. */
interface EscrowedRepository {
  readonly repository: Repository;
  /** Of the sealed password. */
  readonly fingerprint: EscrowFingerprint;
  readonly proof: EscrowProof;
}

/**
 * Whether the fingerprint was known, nothing was, or something else. But for the first, whoever has the server could have
 * made password and repository.
 */
export type EscrowProof = 'known' | 'none' | 'contradicted';

/** What opens a repository again. */
interface OpenEscrowedOptions {
  readonly kit: RecoveryKit;
  /** What the machine is known, from somewhere else than the server, to have left. */
  readonly known: readonly EscrowFingerprint[];
  /** Take something else where nothing opens that is known. */
  readonly trustServer: boolean;
  readonly signal: AbortSignal;
}

/** The most that a server keeps of one node. */
const maxEntries = 1000;
/** Whoever has a client's certificate can add keys: the one that matters must not be lost among them. */
const maxKeys = 1000;

/**
 * Opens the repository at `place` with a password that this client, or the machine that was it before, left with the
 * server and the recovery kit unseals. Anybody can seal to a kit: where something is known, nothing else is tried unless
 * that is said; and what was left first comes first, since whoever came later may have been a thief.
 *
 * @throws HoldfastError `recovery_kit_foreign` for a kit that opens nothing of this network, `escrow_missing` when
 *   nothing that was left opens this repository, `escrow_unproven` when nothing does that is known, `repository_missing`
 */
async function openEscrowed(
  connection: Connection,
  place: RepositoryLocation,
  options: OpenEscrowedOptions,
): Promise<EscrowedRepository> {
  const { role, name, network } = connection.node.identity;
  checkKit(options.kit, { network, recipient: connection.node.state.recoveryRecipient });
  const left = await allLeft(connection, options.signal);
  return await openLeft(
    left,
    { store: place.store, whose: `${role} ${name}`, server: connection.server },
    options,
  );
}

/** What somebody left, and where. */
interface LeftPlace {
  /** Of the repository. */
  readonly store: ObjectStore;
  /** `client laptop` */
  readonly whose: string;
  /** Who hands it out. */
  readonly server: string;
}

/** Opens a repository by what a machine left, the oldest first. Errors: as {@link openEscrowed} */
export async function openLeft(
  all: readonly SealedPassword[],
  place: LeftPlace,
  options: OpenEscrowedOptions,
): Promise<EscrowedRepository> {
  const { known, trustServer } = options;
  const left = all.map((entry) => ({ ...entry, fingerprint: escrowFingerprint(entry.sealed) }));
  const isKnown = ({ fingerprint }: Left): boolean => known.includes(fingerprint);
  const proven = await openFirst(place, left.filter(isKnown), options);
  if (proven !== undefined) return { ...proven, proof: 'known' };
  if (known.length > 0 && !trustServer) throw notAsKnown(place, left.some(isKnown));
  const rest = left.filter((one) => !isKnown(one));
  const found = await openFirst(place, rest, options);
  if (found === undefined) throw nothingOpens(place, left.length);
  return { ...found, proof: known.length > 0 ? 'contradicted' : 'none' };
}

/** Gives this machine a key of its own to a repository, kept in its keystore; what was left stays with the server. */
async function adoptEscrowed(
  place: RepositoryLocation,
  { repository, fingerprint }: EscrowedRepository,
  signal: AbortSignal,
): Promise<void> {
  const password = randomPassword();
  const keyFile = await repository.addKey(password, { ...thisMachine(), cost: randomPasswordCost, signal });
  const escrowKeyFile = repository.openedBy;
  await keepOwnKey(place, repository, {
    password,
    keyFile,
    escrowed: true,
    escrow: fingerprint,
    escrowKeyFile,
  });
}

interface Left extends SealedPassword {
  readonly fingerprint: EscrowFingerprint;
}

/** Everything is sealed to the recovery key that the network named when this machine joined. */
export function checkKit(
  kit: RecoveryKit,
  { network, recipient }: { readonly network: string; readonly recipient: string },
): void {
  if (recipient === kit.recipient) return;
  throw new HoldfastError(
    'recovery_kit_foreign',
    `this recovery kit has another key than the network ${network} seals to`,
  );
}

/** What was left, the oldest first; no more than a server keeps, however much it hands out. */
async function allLeft({ dialer, server, line }: Connection, signal: AbortSignal): Promise<SealedPassword[]> {
  const left: SealedPassword[] = [];
  for await (const entry of fetchEscrow({ dialer, server, signal, line })) {
    left.push(entry);
    if (left.length === maxEntries) break;
  }
  return left.reverse();
}

/** By the first password that opens it. A repository that is damaged is so only when none does. */
async function openFirst(
  { store }: LeftPlace,
  left: readonly Left[],
  { kit, signal }: OpenEscrowedOptions,
): Promise<Omit<EscrowedRepository, 'proof'> | undefined> {
  const tried = new Set<string>();
  let damage: HoldfastError | undefined;
  for (const { sealed, fingerprint } of left) {
    const password = await unseal(sealed, kit);
    if (password === undefined || tried.has(password.reveal())) continue;
    tried.add(password.reveal());
    try {
      return { repository: await openRepository(store, { key: { password }, maxKeys, signal }), fingerprint };
    } catch (error) {
      // The password of another repository of this client, or one with a key that somebody else put there.
      if (isHoldfastError(error, 'repository_damaged')) damage ??= error;
      else if (!isHoldfastError(error, 'repository_wrong_key')) throw error;
    }
  }
  if (damage !== undefined) throw damage;
  return undefined;
}

/** Undefined for what the kit does not open: whoever had the client's certificate could leave anything. */
async function unseal(sealed: Left['sealed'], kit: RecoveryKit): Promise<Secret<string> | undefined> {
  try {
    const bytes = await unsealWithKit(sealed, kit);
    return new Secret(Buffer.from(bytes.reveal()).toString('utf8'));
  } catch (error) {
    if (isHoldfastError(error, 'recovery_kit_foreign')) return undefined;
    throw error;
  }
}

function notAsKnown({ store, whose, server }: LeftPlace, isThere: boolean): HoldfastError {
  return new HoldfastError(
    'escrow_unproven',
    isThere
      ? `the sealed password that ${whose} is known to have left does not open the repository at ${store.location}`
      : `${server} does not hand out the sealed password that ${whose} is known to have left`,
  );
}

function nothingOpens({ store, whose }: LeftPlace, tried: number): HoldfastError {
  const found = tried === 0 ? 'nothing was left there' : `none of the ${tried} keys left there opens it`;
  return new HoldfastError('escrow_missing', `${store.location}: ${found} for ${whose}`);
}
