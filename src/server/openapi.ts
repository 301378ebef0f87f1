import type { TSchema } from 'typebox';
import { type Local, operationPath, operations } from '../admin/index.ts';
import { jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** The table of routes as an OpenAPI 3.1 document, each operation of the admin API as a path of its own. */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    if (route.path === operationPath(':name')) continue;
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{rest}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(route) };
  }
  for (const [name, { input, answer, local }] of Object.entries(operations))
    paths[operationPath(name)] = { post: describeOperation(name, { input, answer, local }) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: '1',
      description: 'Everything but repositories, which speak the REST protocol of restic.',
    },
    paths,
  };
}

/** The document, for whoever may be here at all. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  return {
    method: 'GET',
    path: '/-/openapi.json',
    service: 'control',
    access: ['client', 'storage', 'server', 'admin'],
    does: 'This table as an OpenAPI 3.1 document.',
    handle: () => jsonReply(openApiDocument(routes())),
  };
}

function describe({ path, does, service, access, body, answer }: Route): object {
  const words = [...path.matchAll(/:(\w+)/g)].map(([, word = '']) => word);
  const parameters = [...words, ...(path.endsWith('*') ? ['rest'] : [])].map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    summary: does,
    tags: [service],
    'x-access': access,
    parameters,
    requestBody: body && { content: contentOf(body.types ?? ['*/*'], body.schema) },
    responses: answers(answer),
  };
}

function describeOperation(
  name: string,
  { input, answer, local }: { readonly input: TSchema; readonly answer: TSchema; readonly local: Local },
): object {
  return {
    operationId: name,
    summary: local === true ? `${name}, on the server's machine` : name,
    tags: ['control'],
    'x-access': ['admin'],
    'x-local': local,
    requestBody: { required: true, content: contentOf(['application/json'], input) },
    responses: answers(answer),
  };
}

function answers(answer: TSchema | undefined): object {
  const good = { description: 'Done', content: answer && contentOf(['application/json'], answer) };
  return {
    '200': good,
    default: { description: 'Refused', content: contentOf(['application/json'], refusal) },
  };
}

const refusal = {
  type: 'object',
  required: ['code'],
  properties: { code: { type: 'string' }, message: { type: 'string' }, hint: { type: 'string' } },
};

function contentOf(types: readonly string[], schema: TSchema = {}): object {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}
