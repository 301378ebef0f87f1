/** One import as it stands in a file. */
export interface ModuleImport {
  /** What is imported, as written: `node:fs`, `pino`, `../base/index.ts`. */
  readonly specifier: string;
  /** 1-based line of the statement's first word. */
  readonly line: number;
  /** Whether it is an `export … from`. */
  readonly isExport: boolean;
  /** Whether it is `export * from`, which hides what a folder's face shows. */
  readonly star: boolean;
  /** The names that are taken from it; undefined when the statement does not say which. */
  readonly names: readonly string[] | undefined;
}

// The formatter puts every static import and re-export at the start of a line, so no parser is needed.
const staticImport = /^(?:import|export)\s(?<clause>[^'";]*?\bfrom\s*)?['"](?<specifier>[^'"]+)['"]/gm;
const dynamicImport =
  /(?:\b(?:const|let)\s*(?<clause>\{[^}]*\})\s*=\s*await\s+)?\bimport\s*\(\s*(?:['"`](?<specifier>[^'"`$]+)['"`])?/g;
const workerStart = /\bworkerEntry\(\s*import\.meta\.url\s*,\s*['"](?<specifier>[^'"]+)['"]/g;
const textOrComment = /(['"])(?:\\.|(?!\1)[^\\\n])*\1|`(?:\\[\s\S]|[^\\`])*`|\/\*[\s\S]*?\*\/|\/\/.*$/gm;

/**
 * Every module that the source of one file refers to: static and dynamic imports, re-exports, worker entries.
 * A dynamic import of something computed gives the specifier `(computed)`.
 */
export function moduleImports(source: string): ModuleImport[] {
  const code = source.replace(textOrComment, (text) => text.replaceAll(notImported(text), ' '));
  return [
    ...[...code.matchAll(staticImport)].map((match) => found(code, match)),
    ...[...code.matchAll(dynamicImport)].map((match) => found(code, match)),
    ...[...code.matchAll(workerStart)].map((match) => found(code, match, '.ts')),
  ];
}

/** What of a text or comment would look like an import: texts name what is imported, and scripts for other processes. */
function notImported(text: string): RegExp {
  return text.startsWith('/') ? /[^\n]/g : /\bimport(?=\s*\()/g;
}

function found(code: string, match: RegExpExecArray, extension = ''): ModuleImport {
  const { specifier, clause } = match.groups ?? {};
  const isExport = match[0].startsWith('export');
  return {
    specifier: specifier === undefined ? '(computed)' : specifier + extension,
    line: code.slice(0, match.index).split('\n').length,
    isExport,
    star: isExport && /^\*\s*from/.test(clause ?? ''),
    names: namesIn(clause),
  };
}

/** Of `{ a, type B as C, d: e }`: a, B, d. */
function namesIn(clause: string | undefined): string[] | undefined {
  const list = /\{(?<list>[^}]*)\}/.exec(clause ?? '')?.groups?.['list'];
  return list
    ?.split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+|\s*:/)[0] ?? '',
    )
    .filter((name) => name !== '');
}
