import type { ReplicationRule } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { Role } from '../../pki/index.ts';
import type { ObjectStore } from '../../storage/index.ts';
import type { StorageNamespace } from '../storage-path.ts';

/** A repository at the node that its client stores at, or a copy of it. */
export interface ReplicaNamespace extends StorageNamespace {
  readonly origin: string;
}

/** Who asks for what. */
interface ReplicaRequest {
  readonly role: Role;
  readonly name: string;
  readonly namespace: ReplicaNamespace;
  /** Whether nothing is to be changed. */
  readonly isReading: boolean;
}

interface ReplicaGateOptions {
  /** The name of this node. */
  readonly self: string;
  readonly rules: () => Promise<readonly ReplicationRule[]>;
  /** The store of a namespace, with an origin or without; asked for on each request. */
  readonly storeFor: (namespace: StorageNamespace) => ObjectStore;
}

/**
 * Lets into copies whom a rule of the network names, each time by the rules of that moment: the node that a copy is of writes it, the
 * other nodes that have one read it, and a client reads what is its own. What a client stores at this very node is read by
 * those who are to have copies.
 */
export class ReplicaGate {
  readonly #options: ReplicaGateOptions;

  constructor(options: ReplicaGateOptions) {
    this.#options = options;
  }

  /** The store that may be used so. @throws HoldfastError `namespace_forbidden` */
  async enter({ role, name, namespace, isReading }: ReplicaRequest): Promise<ObjectStore> {
    const { self, storeFor } = this.#options;
    const { origin, ...own } = namespace;
    const isAllowed =
      role === 'client'
        ? isReading && name === namespace.client
        : await this.#isNamed(name, namespace, isReading);
    if (!isAllowed)
      throw new HoldfastError(
        'namespace_forbidden',
        `${role}/${name} asked for what ${namespace.client} stores at ${origin}`,
      );
    return storeFor(origin === self ? own : namespace);
  }

  async #isNamed(name: string, { origin }: ReplicaNamespace, isReading: boolean): Promise<boolean> {
    const { self, rules } = this.#options;
    const rule = (await rules()).find(({ from }) => from === origin);
    if (rule === undefined) return false;
    if (origin === self) return isReading && rule.to.includes(name);
    if (!rule.to.includes(self)) return false;
    return name === origin || (isReading && rule.to.includes(name));
  }
}
