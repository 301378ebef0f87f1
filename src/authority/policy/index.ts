/**
 * What the network has decided, on record: its policy, whose roots its nodes trust, and which store its repositories are in.
 */
export { PolicyBook, type PolicyCheck, policyWarnings } from './policy-book.ts';
export { ServerRoots } from './server-roots.ts';
export { StoreRecord, unmarkedStore } from './store-record.ts';
