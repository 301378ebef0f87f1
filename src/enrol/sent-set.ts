import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const AbsolutePath = Type.String({ pattern: '^/[^\\u0000]*$', maxLength: 1024 });
const Flag = Type.Optional(Type.Boolean());
const dayMs = 24 * 60 * 60 * 1000;

/** So many sets are sent to one client at most, and so large is one at most, in characters of JSON. */
export const maxSentSets = 32;
export const maxSentSetLength: number = 16 * 1024;

/** A name of a set. */
export const SentSetName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' });

/**
 * What a server may say of a backup set: neither where it goes nor by which password. Words by which an agent finds its own snapshots
 * again are no tags.
 */
export const SentSetChoices = Type.Object(
  {
    paths: Type.Array(AbsolutePath, { minItems: 1, maxItems: 64 }),
    every: Type.String({ minLength: 1, maxLength: 100 }),
    /** Of its times of day; that of the machine where none is named. */
    zone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    spreadMs: Type.Integer({ minimum: 0, maximum: dayMs }),
    exclude: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 256 }),
    excludeCaches: Type.Boolean(),
    tag: Type.Array(Type.String({ pattern: '^(?!set:|live$)[^,\\u0000-\\u001f]{1,100}$' }), { maxItems: 16 }),
    keep: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** Programs of the machine, which it runs where its owner allows exactly them. */
    before: Type.Optional(AbsolutePath),
    after: Type.Optional(AbsolutePath),
    hookLimitMs: Type.Integer({ minimum: 1, maximum: 7 * dayMs }),
    live: Flag,
    onMains: Flag,
    unmetered: Flag,
    between: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
    limitUpload: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    limitDownload: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  closed,
);
export type SentSetChoices = Static<typeof SentSetChoices>;

/** A backup set that a server sends to a client. */
export const SentSet = Type.Object(
  {
    /** Stays when it is sent anew; no set that was made on a machine has one as long. */
    id: Type.String({ pattern: '^[a-z0-9]{16}$' }),
    name: SentSetName,
    /** When it was sent last, ISO 8601, and who did it: `admin/ann`. */
    sent: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z$' }),
    by: Type.String({ maxLength: 100 }),
    set: SentSetChoices,
  },
  closed,
);
export type SentSet = Static<typeof SentSet>;
