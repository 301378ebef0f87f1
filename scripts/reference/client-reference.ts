import {
  type ClientKey,
  ClientPolicy,
  clientKeys,
  clientValueText,
  defaultClientPolicy,
} from '../../src/policy/index.ts';

/** `docs/reference/client.md`: every key of how a machine dials. */
export function clientReference(): string {
  return `# How a machine dials

\`holdfast client show\` shows how this machine dials its servers, and what of it is weaker than the default; \`holdfast client set KEY VALUE\`
changes it, from the next command on. It is kept with the machine's own state in its home. Made by \`npm run reference\`, and a test
compares it.

| key | takes | default | meaning |
|---|---|---|---|
${clientKeys.map(keyRow).join('\n')}

\`\`\`
${clientKeys.map((key) => `holdfast client set ${key} ${aboutOf(key).example}`).join('\n')}
\`\`\`

\`presentCertificate\` and \`verifyServer\` cannot both be off: a bearer token would be told to whoever answers. \`verifyServer\` can be off on a
client alone. [SECURITY.md](../../SECURITY.md) says what each gives up.
`;
}

function keyRow(key: ClientKey): string {
  const { takes, meaning } = aboutOf(key);
  return `| \`${key}\` | ${takes} | \`${clientValueText(defaultClientPolicy, key)}\` | ${meaning} |`;
}

/** What is used of a schema here. */
interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly anyOf?: readonly { readonly const: string }[];
  readonly items?: KeySchema;
}

function aboutOf(key: ClientKey) {
  const schema: KeySchema = ClientPolicy.properties[key];
  const { description: meaning, examples: [example] = [] } = schema;
  if (meaning === undefined || example === undefined) throw new TypeError(`${key} is not described`);
  return { meaning, example, takes: takenBy(schema) };
}

function takenBy({ type, anyOf, items }: KeySchema): string {
  if (type === 'boolean') return 'on or off';
  const words = (anyOf ?? items?.anyOf ?? []).map((each) => each.const);
  return anyOf === undefined ? `a list of ${words.join(', ')}` : words.join(' or ');
}
