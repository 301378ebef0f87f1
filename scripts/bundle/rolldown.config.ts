import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiTypes } from './api-types.ts';
import { chunkCycles, chunkGroups } from './chunk-groups.ts';
import { lazyModules } from './lazy-modules.ts';
import { packageNotices } from './package-notices.ts';
import { workerEntries } from './worker-entries.ts';

const root = join(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** A file of the bundle, as rolldown shows it to plugins. */
interface BundledFile {
  readonly moduleIds?: readonly string[];
}

/** How rolldown emits a file beside the bundle. */
interface Emitter {
  emitFile(file: { readonly type: 'asset'; readonly fileName: string; readonly source: string }): string;
}

const notices = {
  name: 'notices',
  generateBundle(this: Emitter, _options: unknown, files: Readonly<Record<string, BundledFile>>): void {
    const modules = Object.values(files).flatMap(({ moduleIds = [] }) => moduleIds);
    this.emitFile({ type: 'asset', fileName: 'NOTICES.txt', source: packageNotices(modules) });
  },
};

const types = {
  name: 'types',
  generateBundle(this: Emitter): void {
    this.emitFile({ type: 'asset', fileName: 'api.d.ts', source: apiTypes() });
  },
};

/** The commit stands beside the bundle, where it is known; `programBuild` reads it. */
const commit = {
  name: 'commit',
  generateBundle(this: Emitter): void {
    const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' });
    if (status === 0) this.emitFile({ type: 'asset', fileName: 'COMMIT', source: stdout });
  },
};

/**
 * The package: the program and the library, cut where it imports dynamically, so that a command loads its own part alone; each worker; and
 * every package but those that `dependencies` names. All is in one folder, where `workerEntry` finds the workers.
 */
// oxlint-disable-next-line import/no-default-export -- it is what rolldown looks for
export default {
  cwd: root,
  input: {
    main: join(root, 'src/cli/main.ts'),
    api: join(root, 'src/api/index.ts'),
    // What tests run in their own process.
    run: join(root, 'src/cli/run.ts'),
    ...workerEntries(join(root, 'src')),
  },
  // What groups of whole layers need; nobody imports a chunk by its name.
  preserveEntrySignatures: 'allow-extension',
  platform: 'node',
  tsconfig: false,
  external: [...Object.keys(manifest.dependencies), 'pg-native', 'cloudflare:sockets'],
  // What a module of ours is imported for is a name of it: a folder's index brings nothing that nobody asked for.
  treeshake: {
    moduleSideEffects: (id: string) => id.includes('/node_modules/') && !id.includes('/typebox/'),
  },
  plugins: [notices, types, chunkCycles, commit, lazyModules],
  output: {
    dir: join(root, 'dist'),
    cleanDir: true,
    // CommonJS, which Node loads without a graph of promises; its modules are strict by a word of their own.
    format: 'cjs',
    strict: true,
    codeSplitting: { groups: chunkGroups, includeDependenciesRecursively: false },
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunk-[name]-[hash].cjs',
    comments: { annotation: false, jsdoc: false, legal: true },
  },
};
