/**
 * An authority that already exists, taken over: whether its certificate can carry what is needed, and what it had issued.
 *
 * What the room promises: everything that stands against a root is said at once and before anything changes; what it had
 * revoked stays revoked; and no private key but that of the root is taken.
 */
export {
  type AdoptedRoot,
  type AnsweredRoot,
  answeredRoot,
  recordAdopted,
  recordOutside,
} from './adopted-root.ts';
export type { Imports } from './imports.ts';
export { checkRoot, type RootJudgement } from './judge-root.ts';
export { type AdoptSources, type FoundAuthority, readAdopted } from './read-adopted.ts';
