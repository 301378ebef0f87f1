import { PatternList } from '../../files/index.ts';
import type { TreeEntry } from '../format/tree-entry.ts';
import type { NodeType, TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { EntriesOptions } from '../tree-entries.ts';
import { type Found, findFiles, type Search, type SearchedDirectory } from './find-files.ts';

/** Which files are looked for. */
export interface WantedNames {
  /** Patterns with the meaning of restic's `find`: of names at any depth, or of whole paths from `/` on. */
  readonly patterns: readonly string[];
  readonly ignoreCase?: boolean;
  /** Changed not before and not after; nanoseconds since 1970. */
  readonly oldestNs?: bigint;
  readonly newestNs?: bigint;
  readonly type?: NodeType;
}

/** Looks for files by their names. What lies below something that is meant is meant too. */
class NameSearch implements Search {
  readonly #wanted: WantedNames;
  readonly #patterns: PatternList;

  /** @throws HoldfastError `usage` for a malformed pattern */
  constructor(wanted: WantedNames) {
    this.#wanted = wanted;
    // `!` has no meaning here.
    const patterns = wanted.patterns.map((pattern) => (pattern.startsWith('!') ? `./${pattern}` : pattern));
    this.#patterns = new PatternList(
      patterns.map((pattern) => this.#folded(pattern)),
      { names: true },
    );
  }

  placeOf({ path, isWithin }: SearchedDirectory): string {
    if (isWithin) return 'within';
    return this.#patterns.isOfNames ? '' : path;
  }

  look(entry: TreeEntry, { path, isWithin }: SearchedDirectory): { isMeant: boolean; mayBeBelow: boolean } {
    const isMeantType = this.#wanted.type === undefined || this.#wanted.type === entry.type;
    if (isWithin) return { isMeant: isMeantType, mayBeBelow: true };
    const above = this.#patterns.isOfNames || path === '' ? [] : path.slice(1).split('/');
    const { matched, childMayMatch } = this.#patterns.match(
      [...above, entry.name].map((name) => this.#folded(name)),
    );
    return { isMeant: matched, mayBeBelow: matched || childMayMatch };
  }

  isMeant({ type, mtimeNs }: TreeNode): boolean {
    const { type: wanted = type, oldestNs = mtimeNs, newestNs = mtimeNs } = this.#wanted;
    return type === wanted && oldestNs <= mtimeNs && mtimeNs <= newestNs;
  }

  #folded(text: string): string {
    return this.#wanted.ignoreCase === true ? text.toLowerCase() : text;
  }
}

/** All files of these names in snapshots, as {@link findFiles}. @throws HoldfastError `usage` for a malformed pattern */
export function findByName(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  { wanted, ...options }: EntriesOptions & { readonly wanted: WantedNames },
): AsyncGenerator<Found, void, undefined> {
  return findFiles(repository, snapshots, new NameSearch(wanted), options);
}
