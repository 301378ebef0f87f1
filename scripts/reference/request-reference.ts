import { type ContentRow, contentRows, unknownClass } from '../../src/authority/enrol/request-contents.ts';
import { oidName } from '../../src/pki/index.ts';

/** `docs/reference/requests.md`: what becomes of what requests ask for. */
export function requestReference(): string {
  return `${opening}
${places.map(([place, title]) => section(place, title)).join('\n')}`;
}

const opening = `# What requests ask for

A certificate says what its profile gives, and of that what was authorised. What else a request asks for is left out, or the request
is refused: by one table, whether it is handed in by hand, with a join code, on the page or signed with the certificate that it
renews. Made by \`npm run reference\`, and a test compares it.

| class | by hand | with a join code, or an old certificate |
|---|---|---|
| harmless | passed over | passed over |
| widening | waits; \`request show\`, \`request list\` and the page say what would be left out; whoever approves leaves it out | refused by name (\`request_not_allowed\`) |
| refused | refused by name | refused by name |

What asks for no more than the profile gives is none of these: purposes of the profile, host names and addresses that were
authorised, \`CA:FALSE\`, the identity itself. An authority (\`CA:TRUE\`, the key usages \`keyCertSign\` and \`cRLSign\`) and an identity of
another network are refused from everybody.

Host names are **widening** where they were not authorised, in the request of a role that has none, and where no certificate could have
them (with a port, of the web, \`w*.example.com\`, several in one); a request that asks for nothing but such a name, and one with a
character that nobody sees, is refused. A common name is taken where it
is the identity's name, or what that was made of, or one of the host names; one that could be taken for a host and is none of the
names of the certificate is **widening**, as is any other with a join code. An attribute of the subject that a join code does not give, that
certificates do not have, or that breaks the rules of its type, is **harmless**: the certificate does not have it.
`;

const places: readonly (readonly [ContentRow['in'], string])[] = [
  ['extension', 'Extensions'],
  ['purpose', 'Purposes (extended key usage) that the profile does not have'],
  ['name', 'Names other than hosts and addresses'],
  ['subject', 'Attributes of the subject that certificates do not have'],
  ['attribute', 'Attributes of the request'],
];

function section(place: ContentRow['in'], title: string): string {
  const rows = contentRows
    .filter((row) => row.in === place)
    .map(({ oid, about, class: is }) => `| ${wordOf(oid)} | ${oidOf(oid)} | ${about} | ${is} |`);
  return `
## ${title}

| what | identifier | of | class |
|---|---|---|---|
${rows.join('\n')}
| any other | | | ${unknownClass[place]} |
`;
}

function wordOf(oid: string): string {
  return oid.endsWith('.') ? 'any other below' : (oidName(oid) ?? oid);
}

function oidOf(oid: string): string {
  if (!/^\d/.test(oid)) return '';
  return oid.endsWith('.') ? `${oid}*` : oid;
}
