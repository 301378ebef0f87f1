/** A version as packages of this program have it: `0.2.0`, `1.0.0-rc.1`. */
const form = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z.-]{1,40}))?$/;

/** The same as a pattern of JSON Schema. */
export const versionPattern: string = form.source;

/** Whether a text is a version. */
export function isVersion(text: string): boolean {
  return form.test(text);
}

/**
 * Compares two versions: negative where `a` is older than `b` (Semantic Versioning 2.0.0 §11).
 * @throws TypeError for a text that is no version
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const [at, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePreReleases(left.preRelease, right.preRelease);
}

function partsOf(version: string): {
  readonly numbers: readonly number[];
  readonly preRelease: readonly string[];
} {
  const [, major, minor, patch, preRelease] = form.exec(version) ?? [];
  if (major === undefined) throw new TypeError(`not a version: ${version}`);
  return { numbers: [major, minor, patch].map(Number), preRelease: preRelease?.split('.') ?? [] };
}

/** What comes before a release is older than it; a longer list is newer than one that begins it. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [at, word] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const difference = compareWords(word, other);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Numbers by their value, and before words. */
function compareWords(a: string, b: string): number {
  const [left, right] = [a, b].map((word) => (/^\d+$/.test(word) ? Number(word) : undefined));
  if (left !== undefined && right !== undefined) return left - right;
  if (left !== undefined) return -1;
  if (right !== undefined) return 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
