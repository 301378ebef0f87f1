/**
 * One line of a CSV file (RFC 4180). A field that a spreadsheet would take for a formula gets an apostrophe before it:
 * names in it are other people's words.
 */
export function encodeCsvRow(fields: readonly string[]): string {
  return `${fields.map(encodeField).join(',')}\r\n`;
}

function encodeField(field: string): string {
  const text = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
