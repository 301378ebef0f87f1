import { type Static, Type } from 'typebox';
import { chanceText, HoldfastError } from '../../base/index.ts';

const Text = Type.String({ minLength: 1 });

/** Folders that belong together, when they are backed up, and how. Paths are absolute, as `pathText` shows them. */
export const BackupSet = Type.Object(
  {
    /** Stays when the set is renamed: history and snapshots are found by it. */
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,80}$' }),
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    /** ISO 8601. */
    added: Text,
    paths: Type.Array(Text, { minItems: 1 }),
    /** As `parseSchedule` takes it, and the zone of its times of day. */
    every: Text,
    zone: Text,
    spreadMs: Type.Integer({ minimum: 0 }),
    exclude: Type.Array(Text),
    excludeFile: Type.Array(Text),
    excludeCaches: Type.Boolean(),
    tag: Type.Array(Text),
    /** A directory or a URL instead of the node's own repository at its server. */
    repo: Type.Optional(Text),
    passwordFile: Type.Optional(Text),
    /** Which of its snapshots stay, as `parseKeepRule` takes it; all of them unless said. */
    keep: Type.Optional(Text),
    /** Programs that run before and after, and how long each may take. */
    before: Type.Optional(Text),
    after: Type.Optional(Text),
    hookLimitMs: Type.Integer({ minimum: 1 }),
    /** Whether each change is saved soon after it is made. */
    live: Type.Optional(Type.Boolean()),
    /** What has to be so when it begins by itself: hours as `22:00-06:00`. */
    onMains: Type.Optional(Type.Boolean()),
    unmetered: Type.Optional(Type.Boolean()),
    between: Type.Optional(Text),
    /** How fast it may send and fetch, as `parseTransferRate` takes it; the hours are those of its zone. */
    limitUpload: Type.Optional(Text),
    limitDownload: Type.Optional(Text),
  },
  { additionalProperties: false },
);
export type BackupSet = Static<typeof BackupSet>;

/** A set as this machine has it. */
export interface MachineSet extends BackupSet {
  /** Who has the server send it: `admin/ann`; not there for a set of its own. */
  readonly sentBy?: string;
}

/** What somebody says of a set; the rest is given to it. */
export type SetChoices = Omit<BackupSet, 'id' | 'name' | 'added'>;

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** @throws HoldfastError `set_invalid` for what is no name of a set */
export function checkSetName(name: string): void {
  if (namePattern.test(name)) return;
  throw new HoldfastError(
    'set_invalid',
    `${JSON.stringify(name.slice(0, 80))} cannot be the name of a set: expected small letters, digits, dots and dashes, 63 at most`,
  );
}

const chanceLength = 6;

/** A name for ever: that which the set begins with, for people, and chance. */
export function newSetId(name: string): string {
  return `${name}-${chanceText(chanceLength)}`;
}

const tagBegin = 'set:';

/** The tag of snapshots that an agent made since something had changed, beside that of the set. */
export const liveTag = 'live';

/** The tag of a set's snapshots. */
export function setTag({ id }: Pick<BackupSet, 'id'>): string {
  return `${tagBegin}${id}`;
}
