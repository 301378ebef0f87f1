/** Text that is HTML already; whatever else goes into a template is escaped. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | readonly Html[];

/**
 * A template whose parts are escaped, so that nothing a stranger wrote can become a part of the page: for text and for
 * attributes in double quotes, not for scripts or styles, of which there are none.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.reduce((page, text, at) => page + render(parts[at - 1] ?? '') + text) };
}

function render(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return 'html' in part ? part.html : part.map((each) => each.html).join('');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
