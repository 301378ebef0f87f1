/**
 * What the network has decided, on record: its policy, whose roots its nodes trust, and which store its repositories are in.
 */
export {
  PolicyBook,
  type PolicyCheck,
  policyWarnings,
  ServerRoots,
  StoreRecord,
  unmarkedStore,
} from './policy-book.ts';
export { secondWordNeeded } from './second-word.ts';
