import { Secret } from '../../src/base/index.ts';
import { sampleSchema } from '../../src/db/database.contract.ts';
import { type Database, type DatabaseLocation, openDatabase } from '../../src/db/index.ts';

/** The place of a database of PostgreSQL. */
export function placeAt(url: string): DatabaseLocation {
  return { kind: 'postgres', url: new Secret(url) };
}

/** Opens it in the schema of the contract's tests. */
export function openAt(url: string): Promise<Database> {
  return openDatabase({ place: placeAt(url), migrations: [sampleSchema] });
}
