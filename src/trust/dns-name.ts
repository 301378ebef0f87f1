const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const maxLength = 253;

/** Whether `text` is a host name in the preferred form (RFC 1034 §3.5, RFC 1123 §2.1; underscores are in wide use). */
export function isDnsName(text: string): boolean {
  return text.length <= maxLength && text.split('.').every((part) => label.test(part));
}
