/** The patterns of an exclude file: one a line; blank lines and lines that start with `#` say nothing. */
export function parseExcludeFile(text: string, environment: Readonly<NodeJS.ProcessEnv>): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => expandVariables(line, environment));
}

/** A `$`, then a name in braces, a name, a one-character name, or braces that hold no name. */
const variable = /\$(?:\{(\w+|[*#$@!?-])\}|(\w+)|([*#$@!?-])|\{[^}]*\}?)/g;

/** `$NAME` and `${NAME}` as the environment has them, nothing when it has not; `$$` is one `$`. As Go's `os.Expand`. */
function expandVariables(line: string, environment: Readonly<NodeJS.ProcessEnv>): string {
  return line.replace(variable, (_all, braced?: string, plain?: string, special?: string) => {
    const name = braced ?? plain ?? special ?? '';
    return name === '$' ? '$' : (environment[name] ?? '');
  });
}
