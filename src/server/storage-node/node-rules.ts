import type { ClientBounds, Roster } from '../../authority/index.ts';
import type { Log } from '../../base/index.ts';
import type { NetworkView } from '../../enrol/index.ts';
import type { KeptView } from './kept-view.ts';

/**
 * What was decided of the clients of a network, as a storage node knows it: the same questions that a server asks its authority,
 * answered from the view. What is new is refused by each of them once the view is past its life.
 */
export function nodeRules(view: KeptView, { activity }: Pick<Roster, 'activity'>, log: Log) {
  return {
    activity,
    clients: {
      /** @throws HoldfastError `view_expired` */
      async boundsOf(name: string): Promise<ClientBounds> {
        view.checkFresh();
        return boundsIn(view.client(name));
      },
      bounds: async () => new Map([...view.clients()].map((client) => [client.name, boundsIn(client)])),
      async noteTrash(what: 'restored' | 'emptied', order: object): Promise<void> {
        log.info('the trash is changed', { what, ...order });
      },
    },
    policy: {
      get current() {
        const { quotaBytes = 0, trashTimeMs = Number.POSITIVE_INFINITY } = view.current?.policy ?? {};
        return { quotaBytes, trashTimeMs };
      },
      lockPeriods: async () => view.current?.policy.locks ?? [],
    },
    time: () => view.time(),
    /** Nothing goes for good by what may have been decided otherwise since. @throws HoldfastError `view_expired` */
    checkClock: () => view.checkFresh(),
  };
}

function boundsIn(client: NetworkView['clients'][number] | undefined): ClientBounds {
  const { prune = false, quota = null, quarantinedAt = null } = client ?? {};
  return {
    prune,
    quotaBytes: quota ?? undefined,
    quarantinedAt: quarantinedAt === null ? undefined : new Date(quarantinedAt),
  };
}
