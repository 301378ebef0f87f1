import { HoldfastError, Secret } from '../base/index.ts';

/** What `certutil` is asked to do. */
export interface CertutilWords {
  readonly action: 'backup' | 'restore';
  readonly password: Secret<string>;
  readonly file: string;
}

/**
 * The words after `certutil`: `-backup PASSWORD FILE` or `-restore PASSWORD FILE`, in any case and, as on Windows, with
 * `/` in the place of the hyphen. @throws HoldfastError `usage`
 */
export function parseCertutil(words: readonly string[]): CertutilWords {
  const [verb = '', password, file, ...others] = words;
  const [, action] = /^[-/](backup|restore)$/i.exec(verb)?.map((part) => part.toLowerCase()) ?? [];
  if (action !== 'backup' && action !== 'restore')
    throw wrong(verb === '' ? 'what to do is missing' : `found ${JSON.stringify(verb)}`);
  if (password === undefined || password === '') throw wrong('the password is missing');
  if (file === undefined || file === '') throw wrong('the file is missing');
  if (others.length > 0) throw wrong(`${others.length} words too many; quote a name with spaces`);
  return { action, password: new Secret(password), file };
}

function wrong(problem: string): HoldfastError {
  return new HoldfastError(
    'usage',
    `certutil: ${problem}, expected -backup PASSWORD FILE or -restore PASSWORD FILE`,
  );
}
