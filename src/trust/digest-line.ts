import { createHash } from 'node:crypto';

/** A text after a line with its SHA-256, so that no byte of it changes unseen. */
export function withDigestLine(text: string): string {
  return `${digestLine(text)}${text}`;
}

/** The text that {@link withDigestLine} wrote; one of before, which begins with `begin`, has no such line. Undefined for all else. */
export function withoutDigestLine(file: string, begin: string): string | undefined {
  if (file.startsWith(begin)) return file;
  const text = file.slice(digestLine('').length);
  return file === withDigestLine(text) ? text : undefined;
}

function digestLine(text: string): string {
  return `sha256 ${createHash('sha256').update(text).digest('hex')}\n`;
}
