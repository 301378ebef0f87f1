import { authorityErrors, databaseErrors } from './authority.ts';
import { certificatesErrors } from './certificates.ts';
import type { ErrorKind, ErrorRow } from './error-row.ts';
import { joiningErrors } from './joining.ts';
import { networkErrors } from './network.ts';
import { peersErrors } from './peers.ts';
import { placesErrors } from './places.ts';
import { releasesErrors } from './releases.ts';
import { repositoriesErrors } from './repositories.ts';
import { setsErrors } from './sets.ts';
import { sitesErrors } from './sites.ts';
import { wordsErrors } from './words.ts';

/** Every expected failure, by what it has to do with, in the order of the reference. */
export const errorSections = {
  'Words, settings, home': wordsErrors,
  'Certificates and keys': certificatesErrors,
  'Who is who': peersErrors,
  'Joining and requests': joiningErrors,
  'The authority': authorityErrors,
  'The database': databaseErrors,
  'The network': networkErrors,
  Repositories: repositoriesErrors,
  'At S3 and by SFTP': placesErrors,
  'Backup sets and the agent': setsErrors,
  'Releases and updates': releasesErrors,
  'Sites and links': sitesErrors,
} as const satisfies Record<string, Record<string, ErrorRow>>;

type Sections = typeof errorSections;
type KeysOfEach<Section> = Section extends Section ? keyof Section : never;

/** Every code an expected failure can carry. Codes are stable: scripts and the console switch over them. */
export type ErrorCode = KeysOfEach<Sections[keyof Sections]>;

const catalogue = Object.assign({}, ...Object.values(errorSections)) as Readonly<Record<ErrorCode, ErrorRow>>;

/** The kind of each code; `failed` where its row says none. */
export type ErrorKinds = {
  readonly [Code in ErrorCode]: RowOf<Sections[keyof Sections], Code> extends {
    readonly kind: infer Kind extends ErrorKind;
  }
    ? Kind
    : 'failed';
};
type RowOf<Section, Code> = Section extends Section
  ? Code extends keyof Section
    ? Section[Code]
    : never
  : never;

/** What is known of a code. */
export function errorRow(code: ErrorCode): ErrorRow {
  return catalogue[code];
}

/** Whether a text, from another program say, is a code of ours. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(catalogue, text);
}
