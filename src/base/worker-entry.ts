/**
 * The URL of a worker's entry point beside the importing file: `./x.ts` in a checkout, `./x.js` in the package,
 * which is made with an entry for each call of this, so every worker is started through here.
 *
 * @param importMetaUrl `import.meta.url` of the caller
 * @param name the entry's path without its extension, e.g. `./sealer`
 */
export function workerEntry(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(name + extension, importMetaUrl);
}
