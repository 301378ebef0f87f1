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
  /** Set for what the client stores at another node, the one of this name, and of which there may be a copy here. */
  readonly origin?: string;
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

/** Where copies are, each below the name of the node that they are copies of. */
export const replicaPath = '/-/replica/';

/**
 * Reads `/<client>/…` and `/<client>/<repository>/…`, and the same behind `/-/replica/<node>`; undefined for anything that the protocol
 * does not know. Names are compared as they are written: no decoding, no `.` or `..`, so one object has one URL.
 */
export function parseStoragePath(url: string): StoragePath | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  if (!path.startsWith(replicaPath)) return parseOwn(path, query);
  const [origin = '', ...others] = path.slice(replicaPath.length).split('/');
  const own = isNamespaceName(origin) ? parseOwn(`/${others.join('/')}`, query) : undefined;
  return own && { ...own, namespace: { ...own.namespace, origin } };
}

function parseOwn(path: string, query: string): StoragePath | undefined {
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

/** Below it are the copies that a store has, by the node that they are copies of: a name that no client can have. */
export const replicaFolder = '.replicas';

/** The place of a repository in the directory of a store. */
export function namespaceFolder({ origin, client, repository = '' }: StorageNamespace): string {
  return origin === undefined ? join(client, repository) : join(replicaFolder, origin, client, repository);
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
  return (namespace) => {
    const path = join(directory, namespaceFolder(namespace));
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
