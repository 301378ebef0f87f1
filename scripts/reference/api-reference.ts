import type { TSchema } from 'typebox';
import { type Local, operations } from '../../src/admin/index.ts';
import { type Route, routes } from '../../src/server/index.ts';

/** `docs/reference/api.md`: every route and every operation, and who may call it. */
export function apiReference(): string {
  return `# The API

What a server answers, outside repositories: those are at \`/<client>/\` and speak the REST protocol of restic. A route is there
on a listener that has its service, for whom the third column names; whoever else asks is refused before it runs. The same is at
\`GET /-/openapi.json\` as an OpenAPI 3.1 document, with every schema. Made by \`npm run reference\`, and a test compares it.

## Routes

| route | service | who may | takes | does |
|---|---|---|---|---|
${routes.map(routeRow).join('\n')}

What is refused is answered with the status of its code ([errors](errors.md)) and \`{"code","message","hint"}\`; strangers learn
no more than that they were refused.

## Operations

\`POST /-/admin/NAME\` with JSON, by an administrator's certificate or over the socket in the home; those of the server's machine
over the socket alone. Times are ISO 8601, bytes are in base64, what ends with \`?\` may be left out. A newer server may answer with more
fields than these.

| operation | where | takes | answers |
|---|---|---|---|
${Object.entries(operations).map(operationRow).join('\n')}
`;
}

function routeRow({ method, head, path, service, access, forRenewal, body, does }: Route): string {
  const who = access === 'anybody' ? access : access.join(', ');
  const also = forRenewal ? '; with a revoked issuer too' : '';
  const methods = head ? `${method}, HEAD` : method;
  return `| \`${methods} ${path}\` | ${service} | ${who}${also} | ${body ? takenBy(body) : ''} | ${does} |`;
}

function takenBy({ maxBytes, types = ['anything'] }: NonNullable<Route['body']>): string {
  return `${types.join(', ')}, at most ${maxBytes / 1024} KiB`;
}

function operationRow([name, { local, input, answer }]: [
  string,
  { readonly local: Local; readonly input: TSchema; readonly answer: TSchema },
]): string {
  return `| \`${name}\` | ${whereOf(local)} | ${fieldsOf(input)} | ${fieldsOf(answer)} |`;
}

function whereOf(local: Local): string {
  if (typeof local === 'boolean') return local ? "the server's machine" : 'anywhere';
  return `anywhere; with \`${local.join(' ')}\` the server's machine`;
}

/** The names of what a schema has, one level deep. */
function fieldsOf(schema: TSchema): string {
  const {
    items,
    properties = {},
    required = [],
  } = schema as {
    readonly items?: TSchema;
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly required?: readonly string[];
  };
  if (items !== undefined) return `a list of ${fieldsOf(items)}`;
  const names = Object.keys(properties).map((key) => (required.includes(key) ? key : `${key}?`));
  return names.length === 0 ? 'nothing' : `\`${names.join(' ')}\``;
}
