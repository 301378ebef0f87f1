import type { Queries, Reads } from '../../db/index.ts';

/** What can be read, for whoever is given records that are not to be changed. */
export function readOnly(reads: Reads): Queries {
  return {
    all: (sql, ...params) => reads.all(sql, ...params),
    get: (sql, ...params) => reads.get(sql, ...params),
    run: () => Promise.reject(new TypeError('these records are for reading')),
  };
}
