import { textPath } from '../../files/index.ts';

/** Words as a shell takes them: `holdfast restore 9c1f02ab --target '/tmp/my files'`. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const isPlain = word.isWellFormed() && !/\p{Cc}/u.test(word);
  if (isPlain) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const bytes = Array.from(textPath(word), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w@%+=:,./~ -]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${bytes.join('')}'`;
}
