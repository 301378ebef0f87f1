/** The longest word that stands for something. */
const maxWordLength = 100;

/**
 * What stands where `pattern` has `:word`, decoded, or undefined when `path` is another one. A pattern that ends with a star
 * takes whatever follows.
 */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1)) ? {} : undefined;
  if (!pattern.includes(':')) return path === pattern ? {} : undefined;
  const given = path.split('/');
  const wanted = pattern.split('/');
  if (given.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, form] of wanted.entries()) {
    const segment = given[at] ?? '';
    if (!form.startsWith(':')) {
      if (segment !== form) return undefined;
      continue;
    }
    const [word = '', ending = ''] = form.slice(1).split(/(?=\.)/);
    const value = segment.endsWith(ending) ? decoded(segment.slice(0, segment.length - ending.length)) : '';
    if (value === '' || value.length > maxWordLength) return undefined;
    params[word] = value;
  }
  return params;
}

/** Nothing for what is no encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
