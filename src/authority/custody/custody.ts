import type { Secret } from '../../base/index.ts';
import { type Certificate, endsWithIssuer } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { type CaCertificate, type Replacing, readIssuers } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import type { IssuerKind, Records } from '../records/index.ts';
import type { CrlSigning } from '../revocation/index.ts';
import { acceptClock, type ClockProblem } from '../standing/index.ts';
import {
  type BringOnlineOrder,
  bringOnline,
  type LeftCopies,
  type SealedRoot,
  type SealRootOrder,
  sealRoot,
  type TakeOfflineOrder,
  takeOffline,
} from './offline.ts';
import { type PermitOrder, permitNames } from './permit.ts';
import { type Copied, copyWarnings, plainCopies, removePlainCopies } from './plain-copies.ts';
import {
  type RenewedRoot,
  type RenewRootOrder,
  type RootRequest,
  renewRoot,
  requestRoot,
} from './renew-root.ts';

/** Where the private key of a certificate is. */
type KeyPlace =
  /** In the authority's keystore. */
  | { readonly place: 'here' }
  /** In an encrypted file that was written when it was taken away. */
  | { readonly place: 'offline'; readonly file: string; readonly since: Date }
  /** Neither here nor known to be anywhere. */
  | { readonly place: 'gone' };

/** A certificate of the authority's own, and who has its key. */
export interface IssuerCustody extends CaCertificate {
  readonly kind: IssuerKind;
  readonly key: KeyPlace;
  /** Whether it is the one in use. */
  readonly current: boolean;
}

/** Every certificate of the authority there ever was: roots, then issuing ones, the newest first. */
async function readCustody(context: Replacing): Promise<IssuerCustody[]> {
  const { records, keystore, issuer } = context;
  const rows = await records.issuers.all();
  const placeOf = (label: string): KeyPlace => {
    if (keystore.has(label)) return { place: 'here' };
    const { key_file: file = null, key_moved_at: sinceMs = null } =
      rows.find((row) => row.label === label) ?? {};
    if (file === null) return { place: 'gone' };
    return { place: 'offline', file, since: new Date(sinceMs ?? 0) };
  };
  const inUse = [issuer.root.label, issuer.issuing.label];
  const all: IssuerCustody[] = [];
  for (const kind of ['root', 'issuing'] as const) {
    for (const issuer of await readIssuers(records, kind))
      all.push({ ...issuer, kind, key: placeOf(issuer.label), current: inUse.includes(issuer.label) });
  }
  return all;
}

/**
 * A sentence for each root whose key is in the keystore though it is on record as taken away: it came back with a backup
 * from before that, or a crash kept it from leaving.
 */
export async function rootCameBack({ issuers }: Records, keystore: Keystore): Promise<string[]> {
  const roots = await issuers.list('root');
  return roots
    .filter(({ label, key_file }) => key_file !== null && keystore.has(label))
    .map(
      ({ label, key_file: file }) =>
        `the key ${label} is here, though it was taken offline to ${file}: take it away again with holdfast ca offline FILE`,
    );
}

/** What became of files with the key of the root. */
interface RemovedCopies {
  readonly removed: readonly string[];
  readonly left: readonly string[];
}

/** The authority's own certificates and keys, and what an administrator does about them. */
export class Custody {
  readonly #context: CrlSigning & Copied;

  constructor(context: CrlSigning & Copied) {
    this.#context = context;
  }

  /** Every certificate of the authority's own, roots first, each kind from the newest on. */
  list(): Promise<IssuerCustody[]> {
    return readCustody(this.#context);
  }

  /** Whether a certificate that was issued here ends because its issuer does. */
  isClipped(leaf: Certificate): boolean {
    return this.#context.issuer.issuings.some(({ certificate }) => endsWithIssuer(leaf, certificate));
  }

  /** Files with the key of the root that are not to lie where they do, in sentences. */
  copyWarnings(): Promise<string[]> {
    return copyWarnings(this.#context);
  }

  /** What is wrong with the clock of this machine, if anything is. */
  clockProblem(): ClockProblem | undefined {
    return this.#context.clockGuard.problem();
  }

  /** Goes on with the clock as it is. See {@link acceptClock}. */
  acceptClock(order: { readonly reason: string; readonly by: string }): Promise<ClockProblem | undefined> {
    return acceptClock(this.#context, order);
  }

  /** Makes an issuing certificate that may certify these names only. See {@link permitNames}. */
  permitNames(order: PermitOrder): Promise<CaCertificate> {
    return permitNames(this.#context, order);
  }

  /** Records that the key of `label` is about to be written to a file, in the clear. */
  async noteWritten({
    label,
    file,
    by,
  }: {
    readonly label: string;
    readonly file: string;
    readonly by: string;
  }): Promise<void> {
    await this.#context.log.record(kinds.exported, { by, details: { key: label, to: file } });
  }

  /** Asks an outside root for another certificate of this authority. See {@link requestRoot}. */
  requestRoot(): Promise<RootRequest> {
    return requestRoot(this.#context);
  }

  /** Uses another certificate for the key of the root. See {@link renewRoot}. */
  renewRoot(order: RenewRootOrder): Promise<RenewedRoot> {
    return renewRoot(this.#context, order);
  }

  /** From now on this passphrase opens the keystore, or a stash when none is given. */
  async rekey(passphrase: Secret<string> | undefined, by: string): Promise<void> {
    const { keystore, log } = this.#context;
    await keystore.rekey(passphrase);
    await log.record(kinds.keystoreRekeyed, { by, details: { openedBy: keystore.openedBy } });
  }

  /** Encrypts the key of the root for a file to be kept in. See {@link sealRoot}. */
  sealRoot(order: SealRootOrder): Promise<SealedRoot> {
    return sealRoot(this.#context, order);
  }

  /** Takes the key of the root out of the keystore; what still has it is answered. See {@link takeOffline}. */
  takeOffline(order: TakeOfflineOrder): Promise<LeftCopies> {
    return takeOffline(this.#context, order);
  }

  /** Removes files with the key of the root that the log knows. See {@link removePlainCopies}. */
  async removeCopies(): Promise<RemovedCopies> {
    const removed = await removePlainCopies(this.#context);
    return { removed, left: await plainCopies(this.#context) };
  }

  /** Puts the key of the root back. See {@link bringOnline}. */
  bringOnline(order: BringOnlineOrder): Promise<void> {
    return bringOnline(this.#context, order);
  }
}
