import { createPublicKey } from 'node:crypto';
import { equalBytes, HoldfastError, type Secret } from '../../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  generateKeyPair,
  type KeyAlgorithm,
  parseCertificate,
} from '../../pki/index.ts';
import { authorityProfiles, checkNetworkName } from '../../policy/index.ts';
import { Keystore } from '../../trust/index.ts';
import { type AdoptedRoot, checkRoot, recordAdopted } from '../adopt/index.ts';
import type { Authority } from '../authority.ts';
import { generateRecoveryKey, recoveryKitText } from '../custody/index.ts';
import {
  createIssuingCertificate,
  createRootCertificate,
  parseStatusAddress,
  permittingNames,
} from '../issuers/index.ts';
import { AuditLog, kinds } from '../log/index.ts';
import {
  type AuthorityRecords,
  authorityDirectory,
  issuerLabel,
  openRecords,
  type Records,
} from '../records/index.ts';
import {
  authorityExists,
  buildAuthority,
  finishBuilding,
  hasAuthority,
  lockHome,
} from './build-authority.ts';
import { type OpenAuthorityOptions, openLocked } from './open-authority.ts';

/** What a new authority is to be. */
export interface CreateAuthorityOptions extends OpenAuthorityOptions {
  /** The trust domain, e.g. `backup.example`. */
  readonly network: string;
  /** `http://host:port`: the stable address that certificates name. */
  readonly statusAddress: string;
  /** Of root and issuing key; P-256 unless said. */
  readonly keyAlgorithm?: KeyAlgorithm;
  /** Domains and address ranges that may be certified; any unless said. See {@link permittingNames}. */
  readonly permit?: readonly string[];
  /** A root that is there already; a new one is made unless said. */
  readonly root?: AdoptedRoot;
  /** Opens the keystore; a stash does unless said. */
  readonly keystorePassphrase?: Secret<string>;
  readonly recoveryKit: {
    /** Protects the key in the kit. */
    readonly passphrase?: Secret<string>;
    /** Writes the kit, durably and for its owner alone: the only copy there will ever be of the private half. */
    readonly write: (text: Secret<string>) => Promise<void>;
  };
}

const rootLabel = issuerLabel('root', 1);
const issuingLabel = issuerLabel('issuing', 1);
const firstEpoch = 1;
const by = 'admin/local';

/**
 * Makes the authority of a home, with a root of its own or one that is there already, and opens it. It is built beside its place and moved there when everything is on the
 * disk, the recovery kit before it: a crash leaves a home without an authority, or one that is whole.
 *
 * @throws HoldfastError `home_exists` when there is one already, `home_in_use`, `name_invalid`, `settings_invalid`,
 *   `root_unfit`
 */
export async function createAuthority(options: CreateAuthorityOptions): Promise<Authority> {
  checkNetworkName(options.network);
  const statusAddress = parseStatusAddress(options.statusAddress);
  if (options.root !== undefined) checkAdopted(options.root, { ...options, statusAddress });
  const lock = await lockHome(options.home);
  try {
    if (await hasAuthority(options.home)) throw authorityExists(options.home);
    if (!(await finishInDatabase(options)))
      await buildAuthority(options.home, (directory) => fill(directory, { ...options, statusAddress }));
    const { keystorePassphrase } = options;
    const passphrase = keystorePassphrase && (async () => keystorePassphrase);
    return await openLocked({ ...options, passphrase }, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Also where it was judged before, for the names of its server. */
function checkAdopted(
  root: AdoptedRoot,
  { network, statusAddress, permit, clock }: CreateAuthorityOptions,
): void {
  const nameConstraints = permit && permittingNames(permit);
  checkRoot(root, {
    network,
    statusAddress,
    names: [],
    nameConstraints,
    nowMs: clock.now(),
    aboveBy: '--chain FILE',
  });
}

/**
 * Where records are in a database of their own, a crash may come when they are there and the keys are beside their place
 * still. Then the keys belong to them, and nothing but the last step is done.
 *
 * @throws HoldfastError `database_refused` when the database has another authority; then nothing is removed
 */
async function finishInDatabase(options: CreateAuthorityOptions): Promise<boolean> {
  const { home, database, keystorePassphrase } = options;
  if (database === undefined) return false;
  await using records = await openRecords(authorityDirectory(home), { database });
  const found = await records.state.read();
  if (found === undefined) return false;
  const isWhole = async (directory: string): Promise<boolean> =>
    found.network === options.network && (await hasKeysOf(records, directory, keystorePassphrase));
  if (await finishBuilding(home, isWhole)) return true;
  throw notEmpty(found.network);
}

async function hasKeysOf(
  { issuers }: Records,
  directory: string,
  secret: Secret<string> | undefined,
): Promise<boolean> {
  if (!(await Keystore.exists(directory))) return false;
  const passphrase = secret && (async () => secret);
  const keystore = await Keystore.open(directory, { passphrase });
  const [root] = await issuers.list('root');
  if (root === undefined || !keystore.has(rootLabel)) return false;
  const publicKey = exportPublicKey(createPublicKey(keystore.key(rootLabel)));
  return equalBytes(publicKey, parseCertificate(root.certificate).spki);
}

async function fill(directory: string, options: CreateAuthorityOptions): Promise<void> {
  const { network, clock, recoveryKit } = options;
  const keystore = await Keystore.create(directory, options.keystorePassphrase);
  const certificates = await makeCertificates(keystore, options);
  const recoveryKey = await generateRecoveryKey();
  const kit = await recoveryKitText(recoveryKey, {
    network,
    root: certificates.root.fingerprint,
    madeAt: new Date(clock.now()),
    passphrase: recoveryKit.passphrase,
  });
  await using records = await openRecords(directory, { database: options.database });
  await checkEmpty(records);
  const log = new AuditLog(records, firstEpoch, clock);
  await records.transaction(async (tx) => {
    await record(tx, log, certificates, { ...options, recoveryRecipient: recoveryKey.recipient });
    // Before it is committed: whatever becomes of the kit, there is no authority without one.
    await recoveryKit.write(kit);
  });
}

type NewAuthority = CreateAuthorityOptions & { readonly recoveryRecipient: string };

interface CaCertificates {
  readonly root: Certificate;
  readonly issuing: Certificate;
}

async function makeCertificates(
  keystore: Keystore,
  options: CreateAuthorityOptions,
): Promise<CaCertificates> {
  const { network, statusAddress, clock, keyAlgorithm = authorityProfiles.root.keyAlgorithm } = options;
  const { permit } = options;
  const nameConstraints = permit && permittingNames(permit);
  const caOptions = { network, statusAddress, nowMs: clock.now(), nameConstraints };
  const rootKey = options.root?.key ?? (await generateKeyPair(keyAlgorithm)).privateKey;
  const issuingKeys = await generateKeyPair(keyAlgorithm);
  const root =
    options.root?.certificate ?? parseCertificate(createRootCertificate(rootLabel, rootKey, caOptions));
  const signer = { root, rootLabel, rootKey };
  const issuing = parseCertificate(
    createIssuingCertificate(issuingLabel, issuingKeys.publicKey, signer, caOptions),
  );
  await keystore.update((entries) => {
    entries.putKey(rootLabel, rootKey);
    entries.putKey(issuingLabel, issuingKeys.privateKey);
  });
  return { root, issuing };
}

async function record(
  tx: Records,
  log: AuditLog,
  { root, issuing }: CaCertificates,
  { network, statusAddress, clock, recoveryRecipient, root: adopted }: NewAuthority,
): Promise<void> {
  await tx.state.create({
    network,
    status_address: statusAddress,
    recovery_recipient: recoveryRecipient,
    epoch: firstEpoch,
    created_at: clock.now(),
    standing: 'ready',
    clock_wall: null,
  });
  await tx.issuers.insert({ kind: 'root', generation: 1, certificate: root });
  await tx.issuers.insert({ kind: 'issuing', generation: 1, certificate: issuing });
  const details = {
    network,
    root: root.fingerprint,
    issuing: issuing.fingerprint,
    statusAddress,
    recoveryRecipient,
  };
  await log.decide(tx, kinds.authorityCreated, { by, details });
  if (adopted !== undefined) await recordAdopted(tx, log, { label: rootLabel, root: adopted, by });
}

/** Of a database that another home may have made its records in. */
async function checkEmpty({ state }: AuthorityRecords): Promise<void> {
  const found = await state.read();
  if (found !== undefined) throw notEmpty(found.network);
}

function notEmpty(network: string): HoldfastError {
  return new HoldfastError('database_refused', `the database has an authority already, of ${network}`, {
    hint: 'name an empty database, or restore the keys of that authority from a backup',
  });
}
