/** What a file of the bundle begins with: a module of Node's, or a package that is in CommonJS, which is in some file already. */
const declaration =
  /^(?:let|var) (?<name>node_\w+|import_\w+) = (?<value>require\("node:[\w/]+"\)|(?:[\w.]+__toESM\()?(?:\w+\.)?require_\w+\(\)(?:, 1\))?);$/gm;

/** What a package that was written for CommonJS, or by default imports, has made of a module of Node's. */
const adaptation = /^(?<name>node_\w+) = (?<adapter>[\w.]+__toESM)\(\k<name>(?<mode>, 1)?\);\n/gm;

/**
 * Has a file of the bundle load such modules when they are first used, and not when the file is loaded: a command loads files of which it
 * uses little, and what Node needs for HTTP, TLS or threads takes longer to load than all that is ours. A module that is used as a
 * whole, and not by its names, is loaded as before.
 */
export const lazyModules = {
  name: 'lazy-modules',
  renderChunk(code: string): string {
    const adapters = new Map(
      [...code.matchAll(adaptation)].map(({ groups: { name = '', adapter, mode = '' } = {} }) => [
        name,
        (value: string): string => `${adapter}(${value}${mode})`,
      ]),
    );
    const bare = code.replaceAll(adaptation, '');
    const lazy = new Map(
      [...bare.matchAll(declaration)].flatMap(({ groups: { name = '', value = '' } = {} }) =>
        isUsedByNames(bare, name) ? [[name, adapters.get(name)?.(value) ?? value] as const] : [],
      ),
    );
    if ([...adapters.keys()].some((name) => !lazy.has(name))) return code;
    return bare
      .replaceAll(/\bnew ((?:node|import)_\w+)((?:\.\w+)+)/g, (made, name: string, member: string) =>
        lazy.has(name) ? `new (${name}()${member})` : made,
      )
      .replaceAll(/\b((?:node|import)_\w+)(?=\.)/g, (use, name: string) =>
        lazy.has(name) ? `${name}()` : use,
      )
      .replaceAll(declaration, (line, name: string) => {
        const value = lazy.get(name);
        return value === undefined ? line : loader(name, value);
      });
  },
};

/** Beside its declaration there is nothing but `name.member`. */
function isUsedByNames(code: string, name: string): boolean {
  const uses = [...code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length;
  return uses === 1 + [...code.matchAll(new RegExp(`\\b${name}\\.`, 'g'))].length;
}

function loader(name: string, value: string): string {
  return `let $${name};\nfunction ${name}() {\n\treturn $${name} ??= ${value};\n}`;
}
