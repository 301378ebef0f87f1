const plainText = /^[ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\u{10ffff}]*$/u;
const special = /[^ !#-%'-;=?-[\]-\u2027\u202a-\ud7ff\ue000-\u{10ffff}]/gu;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/**
 * `text` as a JSON string exactly as Go's encoding/json writes it (since Go 1.22, which writes \b and \f short):
 * `<`, `>`, `&`, U+2028 and U+2029 are escaped, a lone surrogate becomes `\ufffd`, all else is raw.
 * Equal bytes matter because the name of a directory is the hash of its JSON.
 */
export function goJsonString(text: string): string {
  return plainText.test(text) ? `"${text}"` : `"${text.replace(special, escape)}"`;
}

function escape(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.charCodeAt(0);
  return code >= 0xd800 && code <= 0xdfff ? '\\ufffd' : `\\u${code.toString(16).padStart(4, '0')}`;
}
