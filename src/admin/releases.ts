import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { versionPattern } from '../base/index.ts';
import { ReleaseFile, type ReleaseManifest } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, TextOrNull, Time } from './answer.ts';

/** Of a file that the server holds while it is brought. */
const Handle = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Version = Type.String({ pattern: versionPattern });

export const releasePieceInput = Type.Object(
  {
    /** The handle that the first piece got. */
    id: Type.Optional(Handle),
    /** In base64. */
    piece: Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', maxLength: 1024 * 1024 }),
  },
  { additionalProperties: false },
);

/** The handle of a file that is brought. */
export const ReleasePieceAnswer = Type.Object({ id: Handle });

/** Takes the next bytes of a file that is to be published. Errors: `release_invalid`, `rate_limited`, `storage_full` */
export async function takeReleasePiece(
  { authority }: AdminContext,
  { id, piece }: Static<typeof releasePieceInput>,
  caller: Identity,
): Promise<Answer<typeof ReleasePieceAnswer>> {
  const by = identityLabel(caller);
  return { id: await authority.releases.bring(Buffer.from(piece, 'base64'), { id, by }) };
}

export const releasePublishInput = Type.Object(
  {
    version: Version,
    /** Files that were brought, and what each is called. */
    files: Type.Array(
      Type.Object(
        { id: Handle, name: Type.String({ minLength: 1, maxLength: 100 }) },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 32, uniqueItems: true },
    ),
  },
  { additionalProperties: false },
);

/** A file of a release, to which later versions may add. */
const FileView = Type.Object(ReleaseFile.properties);

/** What machines are offered from now on. */
export const ReleaseSignedAnswer = Type.Object({
  /** Null for nothing. */
  version: TextOrNull,
  /** Of the manifest. */
  sequence: Type.Integer(),
  files: Type.Array(FileView),
});

/** Publishes files that were brought as a release. Errors: as `Releases.publish` */
export async function publishRelease(
  { authority }: AdminContext,
  order: Static<typeof releasePublishInput>,
  caller: Identity,
): Promise<Answer<typeof ReleaseSignedAnswer>> {
  return viewOf(await authority.releases.publish({ ...order, by: identityLabel(caller) }));
}

/** Releases that were published, the newest first. */
export const ReleaseListAnswer = Type.Array(
  Type.Object({
    version: Type.String(),
    publishedAt: Time,
    /** `offered` is what machines are to run; one that was withdrawn has no files any more. */
    state: Type.Enum(['offered', 'replaced', 'withdrawn']),
    files: Type.Array(FileView),
  }),
);

/** Lists the releases that were published. */
export async function listReleases({ authority }: AdminContext): Promise<Answer<typeof ReleaseListAnswer>> {
  const releases = await authority.releases.list();
  return releases.map(({ publishedAt, ...release }) => ({
    ...release,
    publishedAt: publishedAt.toISOString(),
  }));
}

export const releaseWithdrawInput = Type.Object({ version: Version }, { additionalProperties: false });

/** Withdraws a release. Errors: as `Releases.withdraw` */
export async function withdrawRelease(
  { authority }: AdminContext,
  { version }: Static<typeof releaseWithdrawInput>,
  caller: Identity,
): Promise<Answer<typeof ReleaseSignedAnswer>> {
  return viewOf(await authority.releases.withdraw(version, identityLabel(caller)));
}

function viewOf({ version, sequence, files }: ReleaseManifest): Answer<typeof ReleaseSignedAnswer> {
  return { version, sequence, files };
}
