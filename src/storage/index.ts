/**
 * Objects: write-once files named by the SHA-256 of their bytes. One interface, several places, one contract suite
 * that each of them passes; what cuts across places (append-only, caching) is a decorator of the same interface.
 * Knows nothing of keys, certificates or what is inside an object.
 */

export { CachedStore } from './cached-store.ts';
export { DryRunStore } from './dry-run-store.ts';
export { FallbackStore } from './fallback-store.ts';
export { AppendOnlyStore, ForwardingStore } from './forwarding-store.ts';
export { LimitedStore, type TransferLimits } from './limited-store.ts';
export { LocalDamaged } from './local-damaged.ts';
export { arrivalOf, makeDurableDirectories } from './local-layout.ts';
export { LocalStore } from './local-store.ts';
export { type JudgeRemoval, LocalTrash, type Trashed, trashedTypes } from './local-trash.ts';
export { MemoryStore } from './memory-store.ts';
export {
  bodyChunks,
  checkedChunks,
  checkRange,
  isRepeatable,
  ObjectDigest,
  RepeatedBody,
  rangeError,
  resolveRange,
} from './object-body.ts';
export {
  type ArrivingWrite,
  type ByteRange,
  existsError,
  explainStorageErrors,
  formatObjectRef,
  isObjectId,
  isObjectType,
  type ListOptions,
  type NamedRef,
  notFoundError,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
  parseObjectName,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from './object-store.ts';
export {
  holdsRepositories,
  PresentStore,
  readStoreMarker,
  type StoreMarker,
  storeMarkerFile,
  writeStoreMarker,
} from './present-store.ts';
export { SpoolStore } from './spool-store.ts';
export { TrashStore } from './trash-store.ts';
