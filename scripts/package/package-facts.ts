import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What packages say of themselves. */
export interface PackageFacts {
  readonly version: string;
  readonly description: string;
  readonly longDescription: string;
  readonly license: string;
  readonly maintainer: string;
  /** Empty where there is none. */
  readonly homepage: string;
}

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly homepage?: string;
}

/** Reads them from the manifest. */
export function packageFacts(): PackageFacts {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  const manifest = JSON.parse(text) as Manifest;
  return {
    version: manifest.version,
    description: manifest.description,
    longDescription:
      'Every machine has a certificate, every byte travels over mutual TLS, every\nrepository is in the open restic format, and one command sets all of it up.',
    license: manifest.license,
    maintainer: 'The Holdfast developers <holdfast@localhost>',
    homepage: manifest.homepage ?? '',
  };
}
