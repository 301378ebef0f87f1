import type { Hmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isNodeName, reservedNames } from '../policy/index.ts';
import {
  isObjectId,
  isObjectType,
  type JudgeRemoval,
  LocalStore,
  LocalTrash,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  PresentStore,
  TrashStore,
} from '../storage/index.ts';

/** Whose repository: a client's own, or a further one of that client by name. */
export interface StorageNamespace {
  readonly client: string;
  readonly repository?: string;
}

/** What a URL of the REST protocol means inside a namespace. */
export type StorageTarget =
  | { readonly kind: 'repository' }
  | { readonly kind: 'list'; readonly type: ObjectType }
  | { readonly kind: 'object'; readonly ref: ObjectRef };

export interface StoragePath {
  readonly namespace: StorageNamespace;
  readonly target: StorageTarget;
  /** What follows the `?`. */
  readonly query: string;
}

/**
 * Reads `/<client>/…` and `/<client>/<repository>/…`; undefined for anything that the protocol does not know.
 * Names are compared as they are written: no decoding, no `.` or `..`, so one object has one URL.
 */
export function parseStoragePath(url: string): StoragePath | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const [root, client = '', second = '', ...others] = path.split('/');
  if (root !== '' || !isNamespaceName(client)) return undefined;
  const named = isNamespaceName(second);
  const target = parseTarget(named ? others : [second, ...others]);
  if (target === undefined) return undefined;
  return { namespace: named ? { client, repository: second } : { client }, target, query };
}

function isNamespaceName(text: string): boolean {
  return isNodeName(text) && !reservedNames.includes(text);
}

/** `[]` or `['']` is the repository itself, `[type, '']` a listing, `[type, name]` an object. */
function parseTarget(segments: readonly string[]): StorageTarget | undefined {
  const [first = '', name = '', ...others] = segments;
  if (others.length > 0) return undefined;
  if (first === '') return segments.length > 1 ? undefined : { kind: 'repository' };
  if (first === 'config')
    return segments.length > 1 ? undefined : { kind: 'object', ref: { type: 'config' } };
  if (!isObjectType(first)) return undefined;
  if (name === '') return { kind: 'list', type: first };
  return isObjectId(name) ? { kind: 'object', ref: { type: first, name } } : undefined;
}

/** One request and its answer, with the bytes of their bodies counted as they pass. */
export interface StorageExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Begins the seal of an answer with this status, where a line that proves nothing carries it. */
  readonly seal?: ((status: number) => Hmac) | undefined;
  receivedBytes: number;
  sentBytes: number;
}

/** Stores remembered at a time; one that was forgotten is only looked at anew. */
const maxStores = 1024;

interface NamespaceOptions {
  /** The time by which something arrives, milliseconds since 1970. */
  readonly now: () => number;
  /** Whether something may be removed, which rests in the trash then. */
  readonly judge: JudgeRemoval;
}

/**
 * The stores of all namespaces below one directory: `<directory>/<client>` and `<directory>/<client>/<repository>`. `check`
 * throws while that directory is not the one it should be. Without options what is removed is gone.
 */
export function localNamespaces(
  directory: string,
  check: (forWhat?: 'change') => Promise<void>,
  options?: NamespaceOptions,
): (namespace: StorageNamespace) => ObjectStore {
  const stores = new Map<string, ObjectStore>();
  return ({ client, repository = '' }) => {
    const path = join(directory, client, repository);
    const store = stores.get(path) ?? new PresentStore(localStore(path, directory, options), check);
    stores.delete(path);
    stores.set(path, store);
    if (stores.size > maxStores) stores.delete(stores.keys().next().value ?? '');
    return store;
  };
}

function localStore(path: string, within: string, options: NamespaceOptions | undefined): ObjectStore {
  if (options === undefined) return new LocalStore(path, { within });
  const { now, judge } = options;
  return new TrashStore(new LocalStore(path, { within, now }), { trash: new LocalTrash(path), judge });
}
