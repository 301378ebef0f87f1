import type { Agent } from 'node:http';
import { RestStore } from '../remote/index.ts';
import type { ObjectStore } from '../storage/index.ts';

/** Where a copy is, or what it is made of: at the node that its client stores at, under the same address. */
export interface ReplicaAddress {
  /** `https://host:port` of the node. */
  readonly server: string;
  /** The node that the client stores at. */
  readonly origin: string;
  /** `laptop`, or `laptop/photos`. */
  readonly repository: string;
  /** Makes and keeps the connections; it checks the node before a byte is sent. */
  readonly agent: Agent;
}

/** A copy at another node, as a store. */
export function openReplica({ server, origin, repository, agent }: ReplicaAddress): ObjectStore {
  return new RestStore({ url: `${server}/-/replica/${origin}/${repository}/`, agent });
}
