import { writeFile } from 'node:fs/promises';
import { apiReference } from './reference/api-reference.ts';
import { clientReference } from './reference/client-reference.ts';
import { commandReference } from './reference/command-reference.ts';
import { errorReference } from './reference/error-reference.ts';
import { jsonReference } from './reference/json-reference.ts';
import { policyReference } from './reference/policy-reference.ts';
import { requestReference } from './reference/request-reference.ts';
import { settingsReference } from './reference/settings-reference.ts';

const folder = new URL('../docs/reference/', import.meta.url);
await writeFile(new URL('api.md', folder), apiReference());
await writeFile(new URL('client.md', folder), clientReference());
await writeFile(new URL('commands.md', folder), await commandReference());
await writeFile(new URL('errors.md', folder), errorReference());
await writeFile(new URL('json.md', folder), await jsonReference());
await writeFile(new URL('policy.md', folder), policyReference());
await writeFile(new URL('requests.md', folder), requestReference());
await writeFile(new URL('settings.md', folder), settingsReference());
