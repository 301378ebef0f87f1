const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const maxLength = 253;

/**
 * Whether `text` is a host name in the preferred syntax that RFC 5280 §4.2.1.6 asks of a dNSName: labels of letters,
 * digits and hyphens (RFC 1034 §3.5, RFC 1123 §2.1), no underscore, no period at the end; the last label has not
 * digits alone, since such a text is taken for an address.
 */
export function isHostName(text: string): boolean {
  const labels = text.split('.');
  return (
    text.length <= maxLength &&
    labels.every((part) => label.test(part)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? '')
  );
}

/** Whether somebody could take `text` for a host or an address: one word, with a period or a colon in it. */
export function looksLikeHost(text: string): boolean {
  return /[.:]/.test(text) && !/\s/.test(text);
}
