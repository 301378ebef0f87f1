const atMost = 3;

/** The words that look most like `word`, the most alike first: for whoever mistyped one of them. */
export function nearestWords(word: string, words: readonly string[]): string[] {
  const short = word.slice(0, 80).toLowerCase();
  return words
    .map((each) => ({ each, distance: distanceTo(short, each.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, atMost)
    .map(({ each }) => each);
}

/** A part of a word counts as near as one letter. */
function distanceTo(word: string, other: string): number {
  return other.split('.').includes(word) ? 1 : editDistance(word, other);
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let at = 1; at <= to.length; at++) {
      const change = (row[at - 1] ?? 0) + (letter === to[at - 1] ? 0 : 1);
      next.push(Math.min(change, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
