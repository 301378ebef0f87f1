import { findCycle } from '../layers/find-cycle.ts';

/** Modules that go into one file of the bundle: those whose path matches and that no group before has. */
interface ChunkGroup {
  readonly name: string;
  readonly test: RegExp;
}

/**
 * What commands have in common, in few files, since a start pays for each file as well as for its bytes: what every thread
 * loads, what every command does, then what all do that have a home or speak to a server. A group imports those above it
 * alone, so those of a layer have all of it. What threads load of the rest is in none. Everything else is cut by rolldown.
 */
export const chunkGroups: readonly ChunkGroup[] = [
  { name: 'base', test: /\/src\/(?:base\/(?!log\.)|files\/(?!watch\/watch-worker))|rolldown\/runtime/ },
  {
    name: 'program-packages',
    test: /\/node_modules\/(?:@pinojs|ansi-regex|atomic-sleep|cli-progress|commander|emoji-regex|is-fullwidth|on-exit-leak|pino|quick-format|safe-stable|sonic-boom|string-width|strip-ansi|thread-stream)/,
  },
  {
    name: 'program',
    test: /\/src\/(?:base\/log\.|transport\/line\.|cli\/(?:run|words?\.|program\/(?!run-self)|files\/local-path|home\/default-home|options\/(?:option-values|word-rules)|terminal\/(?:answer|format|output|table)))/,
  },
  { name: 'schemas', test: /\/node_modules\/(?:smol-toml|typebox)\// },
  { name: 'keys', test: /\/src\/pki\/(?:der|key)\// },
  { name: 'certificates', test: /\/src\/pki\/(?:certificate|cms|crl-ocsp|name)\// },
  // S3 and SFTP are for those alone who keep something there.
  {
    name: 'network',
    test: /\/src\/(?:enrol|policy|remote\/(?!s3\/(?!s3-place)|sftp\/(?!sftp-place))|transport|trust)\//,
  },
];

/** Refuses a bundle whose files load each other in a circle, where one would find the other unfinished: a group that imports one below it. */
export const chunkCycles = {
  name: 'chunk-cycles',
  generateBundle(
    _options: unknown,
    files: Readonly<Record<string, { readonly imports?: readonly string[] }>>,
  ): void {
    const graph = new Map(Object.entries(files).map(([name, { imports = [] }]) => [name, imports] as const));
    const cycle = findCycle(graph);
    if (cycle !== undefined) throw new Error(`files of the bundle load each other: ${cycle.join(' → ')}`);
  },
};
