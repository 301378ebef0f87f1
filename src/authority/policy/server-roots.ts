import { type Bytes, HoldfastError } from '../../base/index.ts';
import { type Certificate, fingerprint, parseCertificate } from '../../pki/index.ts';
import {
  formatTrustBundle,
  singleRootBundle,
  type TrustAnchor,
  type TrustBundle,
  trustAnchor,
} from '../../trust/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { kinds, type Recording } from '../log/index.ts';

/** What the roots that nodes trust are put on record with. */
interface Rooted extends Recording {
  readonly issuer: Issuer;
}

/** A root from elsewhere that clients believe for one host. */
export interface ServerRoot {
  readonly host: string;
  readonly certificate: Certificate;
}

/** A certificate from elsewhere is shown from now on. */
export interface BoundOrder {
  /** `host vault.example`, `listener open`: what it is bound to. */
  readonly target: string;
  /** Of the certificate. */
  readonly fingerprint: string;
  /** For which hosts clients are to believe the roots. */
  readonly hosts: readonly string[];
  /** DER. */
  readonly roots: readonly Bytes[];
  readonly by: string;
}

/** It goes out with every certificate, in a message of bounded size. */
const maxBundleLength = 40 * 1024;

/** Whom the nodes of the network trust: its root, and roots from elsewhere for certain hosts of its servers. */
export class ServerRoots {
  readonly #context: Rooted;
  #bundle: TrustBundle;

  private constructor(context: Rooted, bundle: TrustBundle) {
    this.#context = context;
    this.#bundle = bundle;
  }

  /** As they are on record. */
  static async of(context: Rooted): Promise<ServerRoots> {
    return new ServerRoots(context, await readBundle(context));
  }

  /** As it goes out to nodes. */
  get bundle(): TrustBundle {
    return this.#bundle;
  }

  /** Reads again what is on record, where others may have changed it. */
  async readAgain(): Promise<void> {
    this.#bundle = await readBundle(this.#context);
  }

  list(): ServerRoot[] {
    return this.#bundle.anchors.flatMap(({ speaksFor, certificate }) =>
      speaksFor.kind === 'server'
        ? speaksFor.names.map((host) => ({ host, certificate: parseCertificate(certificate) }))
        : [],
    );
  }

  /**
   * Records what is shown, and its roots for nodes to learn with their next renewal.
   * @throws HoldfastError `input_invalid` for more roots than a message can carry
   */
  async bind({ target, hosts, roots, by, ...order }: BoundOrder): Promise<void> {
    const added = roots.map((root) => trustAnchor(root, { kind: 'server', names: hosts }));
    const anchors = [...this.#bundle.anchors, ...added];
    if (formatTrustBundle({ ...this.#bundle, anchors }).length > maxBundleLength)
      throw new HoldfastError('input_invalid', 'more roots than go out to nodes together', {
        hint: 'bind fewer hosts, or give fewer roots with --roots',
      });
    const { records, log } = this.#context;
    await records.transaction(async (tx) => {
      for (const host of hosts)
        for (const root of roots)
          await tx.serverRoots.insert({ host, fingerprint: fingerprint(root), certificate: root });
      const details = { target, ...order, hosts, roots: roots.map(fingerprint) };
      await log.decide(tx, kinds.tlsBound, { by, details });
    });
    await this.readAgain();
  }

  /** Forgets the roots of hosts that no certificate from elsewhere is shown for any more. */
  async unbind({ target, hosts, by }: Pick<BoundOrder, 'target' | 'hosts' | 'by'>): Promise<void> {
    const { log } = this.#context;
    await log.record(kinds.tlsUnbound, { by, details: { target, hosts } });
    await this.readAgain();
  }
}

async function readBundle({ issuer, records }: Rooted): Promise<TrustBundle> {
  const own = singleRootBundle(issuer.network, issuer.root.certificate.der);
  const byRoot = Map.groupBy(await records.committed.serverRoots.list(), (row) => row.fingerprint);
  const others = [...byRoot.values()].flatMap((rows): TrustAnchor[] => {
    const names = rows.map(({ host }) => host);
    return rows.slice(0, 1).map(({ certificate }) => trustAnchor(certificate, { kind: 'server', names }));
  });
  return { ...own, anchors: [...own.anchors, ...others] };
}
