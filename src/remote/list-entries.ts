import type { Bytes, HoldfastError } from '../base/index.ts';
import { answerMalformed } from '../transport/index.ts';

/** Longer than any entry of a listing. */
const maxEntryLength = 4096;

/** What separates an entry from what is before it, and the entry: a flat object or a text, of which neither has a brace or quote within. */
const entryForm = /\s*([[,])\s*(\{[^{}]*\}|"[^"\\]*")/y;
const endForm = /^\s*(\[\s*)?\]\s*$/;

/**
 * The entries of a listing (a JSON array of flat objects, or of texts) as they come, so that no more of it is held than they
 * are. @throws HoldfastError `answer_malformed`
 */
export async function* listEntries(
  pieces: AsyncIterable<Bytes>,
  host: string,
): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let text = '';
  let isFirst = true;
  for await (const piece of pieces) {
    text += decoder.decode(piece, { stream: true });
    let end = 0;
    for (let match = entryAt(text, end); match !== null; match = entryAt(text, end)) {
      if ((match[1] === '[') !== isFirst) throw malformedList(host);
      isFirst = false;
      end = entryForm.lastIndex;
      yield parseEntry(match[2] ?? '', host);
    }
    text = text.slice(end);
    if (text.length > maxEntryLength) throw malformedList(host);
  }
  const [whole, opening] = endForm.exec(text) ?? [];
  if (whole === undefined || (opening !== undefined) !== isFirst) throw malformedList(host);
}

function entryAt(text: string, start: number): RegExpExecArray | null {
  entryForm.lastIndex = start;
  return entryForm.exec(text);
}

function parseEntry(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformedList(host);
  }
}

/** That a server answered with something else than a listing. */
export function malformedList(host: string): HoldfastError {
  return answerMalformed(host, 'it answers with a listing that is none');
}
