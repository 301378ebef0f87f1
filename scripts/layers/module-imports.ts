/** One import as it stands in a file. */
export interface ModuleImport {
  /** What is imported, as written: `node:fs`, `fastify`, `../base/index.ts`. */
  readonly specifier: string;
  /** 1-based line of the statement's first word. */
  readonly line: number;
  /** Whether it is `export * from`, which hides what a folder's face shows. */
  readonly star: boolean;
}

// The formatter puts every static import and re-export at the start of a line, so no parser is needed.
const staticImport = /^(?:import|export)\s(?<clause>[^'";]*?\bfrom\s*)?['"](?<specifier>[^'"]+)['"]/gm;
// A quote right before it makes it a piece of text, as in a script that a test hands to another process.
const dynamicImport = /(?<!['"`])\bimport\s*\(\s*(?:['"`](?<specifier>[^'"`$]+)['"`])?/g;
const workerStart = /\bworkerEntry\(\s*import\.meta\.url\s*,\s*['"](?<specifier>[^'"]+)['"]/g;
const stringOrComment = /(['"])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|\/\/.*$/gm;

/**
 * Every module that the source of one file refers to: static and dynamic imports, re-exports, worker entries.
 * A dynamic import of something computed gives the specifier `(computed)`.
 */
export function moduleImports(source: string): ModuleImport[] {
  const code = source.replace(stringOrComment, (text) =>
    text.startsWith('/') ? text.replaceAll(/[^\n]/g, ' ') : text,
  );
  return [
    ...[...code.matchAll(staticImport)].map((match) => found(code, match)),
    ...[...code.matchAll(dynamicImport)].map((match) => found(code, match)),
    ...[...code.matchAll(workerStart)].map((match) => found(code, match, '.ts')),
  ];
}

function found(code: string, match: RegExpExecArray, extension = ''): ModuleImport {
  const { specifier, clause } = match.groups ?? {};
  return {
    specifier: specifier === undefined ? '(computed)' : specifier + extension,
    line: code.slice(0, match.index).split('\n').length,
    star: match[0].startsWith('export') && /^\*\s*from/.test(clause ?? ''),
  };
}
