import { writeFile } from 'node:fs/promises';
import { commandReference } from './reference/command-reference.ts';
import { errorReference } from './reference/error-reference.ts';
import { settingsReference } from './reference/settings-reference.ts';

const folder = new URL('../docs/reference/', import.meta.url);
await writeFile(new URL('commands.md', folder), await commandReference());
await writeFile(new URL('errors.md', folder), errorReference());
await writeFile(new URL('settings.md', folder), settingsReference());
