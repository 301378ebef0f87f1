import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { manPages } from './reference/man-pages.ts';

const root = new URL('../', import.meta.url);
const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string };
const folder = new URL('dist/man/', root);
await mkdir(folder, { recursive: true });
for (const { file, text } of await manPages(version)) await writeFile(new URL(file, folder), text);
