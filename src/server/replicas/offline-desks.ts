import type { ReplicaDesk, ScrubDesk } from '../../admin/index.ts';
import { silentLog } from '../../base/index.ts';
import { StoreScrub } from '../scrubbing/store-scrub.ts';
import { acceptLosses, copiesOf } from './copies-on-record.ts';
import { KeptRecords } from './kept-records.ts';
import type { ReplicasOptions } from './replicas.ts';

/** What can be asked of copies and scrub where no server runs. A server compares all copies when it starts. */
export function offlineReplicaDesks({
  recordsPath,
  ...store
}: Pick<ReplicasOptions, 'directory' | 'check' | 'clock' | 'recordsPath'>): {
  readonly scrub: ScrubDesk;
  readonly replicas: ReplicaDesk;
} {
  const records = new KeptRecords(recordsPath);
  return {
    scrub: new StoreScrub({ ...store, records, log: silentLog }),
    replicas: {
      status: () => copiesOf(records),
      async run({ acceptsLoss }) {
        if (acceptsLoss) await acceptLosses(records);
        return await copiesOf(records);
      },
    },
  };
}
