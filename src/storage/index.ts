/**
 * Objects: write-once files named by the SHA-256 of their bytes. One interface, several places, one contract suite
 * that each of them passes. Knows nothing of keys, certificates or what is inside an object.
 */
export {
  type ByteRange,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  objectTypes,
  type ReadOptions,
  type WriteOptions,
} from './object-store.ts';
