import { asBuffer, type Clock } from '../../base/index.ts';
import {
  certificateTag,
  type NetworkView,
  type SignedNetworkView,
  signNetworkView,
} from '../../enrol/index.ts';
import type { Issuer } from '../issuers/index.ts';
import type { Clients, Replications, StorageNodes } from '../nodes/index.ts';
import type { PolicyBook } from '../policy/index.ts';
import type { AuthorityRecords } from '../records/index.ts';
import { checkStanding, type Present } from '../standing/index.ts';

/** What a view is made from. */
interface Viewing {
  readonly records: AuthorityRecords;
  readonly issuer: Issuer;
  readonly present: Present;
  readonly epoch: number;
  readonly clock: Clock;
}

/** The rooms that know what is in it. */
interface Viewed {
  readonly clients: Clients;
  readonly policy: PolicyBook;
  readonly storageNodes: StorageNodes;
  readonly replications: Replications;
}

/** Makes the views of a network that its storage nodes go by. */
export class NetworkViews {
  readonly #context: Viewing;
  readonly #viewed: Viewed;

  constructor(context: Viewing, viewed: Viewed) {
    this.#context = context;
    this.#viewed = viewed;
  }

  /** How long one counts. */
  get lifetimeMs(): number {
    return this.#viewed.policy.current.viewLifetimeMs;
  }

  /**
   * What is decided and durable by now, at least, signed.
   * @throws HoldfastError as {@link checkStanding}: one that may not work vouches for nobody
   */
  async make(): Promise<{ readonly view: NetworkView; readonly signed: SignedNetworkView }> {
    const { issuer } = this.#context;
    checkStanding(this.#context);
    const view = await this.#view();
    return {
      view,
      signed: signNetworkView(view, { key: issuer.issuingKey, certificate: issuer.issuing.certificate }),
    };
  }

  async #view(): Promise<NetworkView> {
    const { issuer, present, epoch, clock } = this.#context;
    const { clients, policy, storageNodes, replications } = this.#viewed;
    // First: what is decided meanwhile may be in it, and what the number stands for is.
    const { sequence } = present.head;
    const madeMs = clock.now();
    const { quotaBytes, trashTimeMs } = policy.current;
    const nodes = await storageNodes.list();
    return {
      version: 1,
      network: issuer.network,
      epoch,
      sequence,
      made: new Date(madeMs).toISOString(),
      notAfter: new Date(madeMs + this.lifetimeMs).toISOString(),
      issuings: issuer.issuings.map(({ certificate }) => asBuffer(certificate.der).toString('base64')),
      good: await this.#good(madeMs),
      clients: [...(await clients.bounds())].map(([name, bounds]) => ({
        name,
        prune: bounds.prune,
        quota: bounds.quotaBytes ?? null,
        quarantinedAt: bounds.quarantinedAt?.toISOString() ?? null,
      })),
      policy: { quotaBytes, trashTimeMs, locks: [...(await policy.lockPeriods())] },
      nodes: nodes.map(({ name, servers }) => ({ name, servers })),
      replications: (await replications.list()).map(({ by: _by, addedAt: _addedAt, to, rate, ...rule }) => ({
        ...rule,
        to: [...to],
        ...(rate !== undefined && { rate }),
      })),
    };
  }

  /** Administrators have nothing at a storage node. */
  async #good(nowMs: number): Promise<string[]> {
    const { records, issuer } = this.#context;
    const revoked = issuer.issuings.flatMap(({ label, revoked: at }) => (at === undefined ? [] : [label]));
    const rows = await records.committed.certificates.goodOfRoles(['client', 'server', 'storage'], nowMs);
    return rows
      .filter((row) => !revoked.includes(row.issuer))
      .map(({ certificate }) => certificateTag(certificate));
  }
}
