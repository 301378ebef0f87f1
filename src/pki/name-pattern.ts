import { isNodeName } from './identity.ts';

const star = '*';

/** Whether `text` is a pattern of node names: a name with one `*` in it, which stands for one character or more. */
export function isNamePattern(text: string): boolean {
  return text.split(star).length === 2 && isNodeName(text.replace(star, 'x'));
}

/** Whether `name` is a node's name that `pattern` lets through; a pattern without `*` is the name itself. */
export function matchesNamePattern(pattern: string, name: string): boolean {
  if (!isNodeName(name)) return false;
  if (!isNamePattern(pattern)) return pattern === name;
  const [head = '', tail = ''] = pattern.split(star);
  return name.length > head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
}
