import { isNodeName, reservedNames } from '../policy/index.ts';
import { isObjectId, isObjectType, type ObjectRef, type ObjectType } from '../storage/index.ts';

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
