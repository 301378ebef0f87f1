import { asBuffer, type Bytes, HoldfastError } from '../base/index.ts';
import { type Certificate, fingerprint, parseCertificate } from '../pki/index.ts';
import {
  formatTrustBundle,
  singleRootBundle,
  type TrustAnchor,
  type TrustBundle,
  trustAnchor,
} from '../trust/index.ts';
import type { AuthorityContext } from './authority-context.ts';

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

interface StoredRoot {
  readonly host: string;
  readonly certificate: string;
}

/** It goes out with every certificate, in a message of bounded size. */
const maxBundleLength = 40 * 1024;

/** Whom the nodes of the network trust: its root, and roots from elsewhere for certain hosts of its servers. */
export class ServerRoots {
  readonly #context: AuthorityContext;
  #bundle: TrustBundle;

  constructor(context: AuthorityContext) {
    this.#context = context;
    this.#bundle = this.#read();
  }

  /** As it goes out to nodes. */
  get bundle(): TrustBundle {
    return this.#bundle;
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
    const { database, log } = this.#context;
    await database.transaction(async (tx) => {
      const insert = 'INSERT OR IGNORE INTO server_roots (host, fingerprint, certificate) VALUES (?, ?, ?)';
      for (const host of hosts) for (const root of roots) await tx.run(insert, host, fingerprint(root), root);
      const details = { target, ...order, hosts, roots: roots.map(fingerprint) };
      await log.append(tx, { kind: 'tls bound', by, details });
    });
    this.#bundle = this.#read();
  }

  /** Forgets the roots of hosts that no certificate from elsewhere is shown for any more. */
  async unbind({ target, hosts, by }: Pick<BoundOrder, 'target' | 'hosts' | 'by'>): Promise<void> {
    const { database, log } = this.#context;
    await database.transaction(async (tx) => {
      for (const host of hosts) await tx.run('DELETE FROM server_roots WHERE host = ?', host);
      await log.append(tx, { kind: 'tls unbound', by, details: { target, hosts } });
    });
    this.#bundle = this.#read();
  }

  #read(): TrustBundle {
    const { issuer, reader } = this.#context;
    const own = singleRootBundle(issuer.network, issuer.root.certificate.der);
    const sql = `SELECT json_group_array(json_object('host', host, 'certificate', hex(certificate))) AS roots
      FROM (SELECT host, certificate FROM server_roots ORDER BY fingerprint, host)`;
    const stored = JSON.parse(reader.get(sql)?.roots as string) as StoredRoot[];
    const byRoot = Map.groupBy(stored, ({ certificate }) => certificate);
    const others = [...byRoot].map(([hex, rows]): TrustAnchor => {
      const names = rows.map(({ host }) => host);
      return trustAnchor(asBuffer(Buffer.from(hex, 'hex')), { kind: 'server', names });
    });
    return { ...own, anchors: [...own.anchors, ...others] };
  }
}
