import { HoldfastError, Secret } from '../base/index.ts';

/** What `certutil` is asked to do. */
export interface CertutilWords {
  readonly action: 'backup' | 'restore';
  readonly password: Secret<string>;
  readonly file: string;
  /** `-f`: replace a file that is there. */
  readonly force: boolean;
}

/**
 * The words after `certutil`: `-backup PASSWORD FILE` or `-restore PASSWORD FILE`, in any case and, as on Windows, with
 * `/` in the place of the hyphen; `-f` before or after those of `-backup`. @throws HoldfastError `usage`
 */
export function parseCertutil(words: readonly string[]): CertutilWords {
  const first = isForce(words[0]);
  const [verb = '', password, file, ...others] = first ? words.slice(1) : words;
  const force = first || isForce(others[0]);
  const [, action] = /^[-/](backup|restore)$/i.exec(verb)?.map((part) => part.toLowerCase()) ?? [];
  if (action !== 'backup' && action !== 'restore')
    throw wrong(verb === '' ? 'what to do is missing' : `found ${JSON.stringify(verb)}`);
  if (password === undefined || (password === '' && action === 'backup'))
    throw wrong('the password is missing');
  if (file === undefined || file === '') throw wrong('the file is missing');
  const more = force && !first ? others.length - 1 : others.length;
  if (more > 0) throw wrong(`${more} words too many; quote a name with spaces`);
  if (force && action === 'restore')
    throw wrong('-f is for -backup: an authority that is there is never replaced');
  return { action, password: new Secret(password), file, force };
}

function isForce(word: string | undefined): boolean {
  return word !== undefined && /^[-/]f$/i.test(word);
}

function wrong(problem: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `certutil: ${problem}, expected -backup PASSWORD FILE or -restore PASSWORD FILE`,
  );
}
