import { slug } from '../policy/index.ts';
import type { SubjectWords } from './oid.ts';

/** What a client is called when nothing says it. */
const unnamed = 'client';

/**
 * The name of the node that a client certificate is for: what `--name` says, else a slug of its common name, else
 * `client`. @throws HoldfastError `name_invalid` when nothing of the common name can be a name
 */
export function clientName(subject: SubjectWords, name?: string): string {
  if (name !== undefined) return name;
  return subject.CN === undefined ? unnamed : slug(subject.CN);
}

/** The name of the node that a server certificate is for: what `--name` says, else a slug of its first common name. */
export function serverName(commonNames: string, name?: string): string {
  const [first = ''] = commonNames.split(',');
  return name ?? slug(first.replaceAll('*', ''));
}
