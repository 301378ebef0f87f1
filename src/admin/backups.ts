import { type Static, Type } from 'typebox';
import {
  type BackupLock,
  type HeldBackup,
  identityLabel,
  notHeld,
  type WrittenBackup,
} from '../authority/index.ts';
import { asBuffer, HoldfastError, Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import { localName } from '../policy/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64, PresentWhen, Time, TimeOrNull } from './answer.ts';

const BackupPassword = Type.Optional(Type.String({ minLength: 1, maxLength: 1024 }));
/** Of a file that the server holds while it is fetched or brought. */
const Handle = Type.String({ pattern: '^[0-9a-f]{32}$' });
/** A file of whoever asks, absolute: what the log and messages call it, and nothing that the server opens. */
const CallersFile = Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' });

export const backupInput = Type.Object(
  {
    /** What opens it; the recovery key unless there is one. */
    password: BackupPassword,
  },
  { additionalProperties: false },
);

/** The keys of the authority, and whether a copy holds them. */
export const HeldKeys = Type.Array(Type.Object({ label: Type.String(), held: Type.Boolean() }));

/** What a copy does not hold: the labels of keys that are not on the machine, and `recovery`. */
export const NotHeld = PresentWhen('the server is new enough to say it', Type.Array(Type.String()));

/** What a rehearsal found wrong with a backup. */
export const BackupProblem = Type.Object({ at: Time, found: Type.String() });

/** Mirrors of the log that could not be asked or told, and why. */
const DeafMirrors = PresentWhen(
  'the authority was moved, or is back',
  Type.Array(Type.Object({ name: Type.String(), problem: Type.String() })),
);

/** A backup that is on the disk, read back. */
export const BackupAnswer = Type.Object({
  path: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  epoch: Type.Integer(),
  /** The last record of the log that it holds. */
  sequence: Type.Integer(),
  opensWith: Type.Enum(['recovery key', 'password']),
  keys: HeldKeys,
  notHeld: NotHeld,
  /** When the authority was moved: mirrors that were not told. */
  deaf: DeafMirrors,
});

/** A backup that is whole, and waits to be fetched: two minutes from the last word of whoever asked for it. */
export const HeldBackupAnswer = Type.Object({
  id: Handle,
  bytes: Type.Integer({ minimum: 1 }),
  sha256: Type.String(),
});

/** Makes a backup of the authority, to be fetched by {@link showBackupPiece} and put on record by {@link keepBackup}. */
export async function makeBackup(
  { authority }: AdminContext,
  { password }: Static<typeof backupInput>,
  caller: Identity,
): Promise<Answer<typeof HeldBackupAnswer>> {
  return viewOf(await authority.backups.make({ lock: lockBy(password), by: identityLabel(caller) }));
}

export const moveInput = Type.Object(
  {
    to: CallersFile,
    /** Whether it is there: then nothing but a move into it that was cut short goes on. */
    isThere: Type.Boolean(),
    password: BackupPassword,
  },
  { additionalProperties: false },
);

/** Retires the authority and makes the backup that goes on elsewhere, to be fetched like any other. */
export async function moveAway(
  { authority }: AdminContext,
  { password, ...to }: Static<typeof moveInput>,
  caller: Identity,
): Promise<Answer<typeof HeldBackupAnswer>> {
  return viewOf(await authority.backups.move({ ...to, lock: lockBy(password), by: identityLabel(caller) }));
}

export const backupPieceInput = Type.Object(
  { id: Handle, offset: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) },
  { additionalProperties: false },
);

/** Some bytes of a backup from the offset on. */
export const BackupPiece = Type.Object({ piece: Base64 });

/** Gives some bytes of a backup that was made for whoever asks. */
export async function showBackupPiece(
  { authority }: AdminContext,
  { id, offset }: Static<typeof backupPieceInput>,
  caller: Identity,
): Promise<Answer<typeof BackupPiece>> {
  const piece = await authority.backups.piece(id, offset, identityLabel(caller));
  if (piece.length === 0) throw new HoldfastError('input_invalid', 'the backup ends before this offset');
  return { piece: asBuffer(piece).toString('base64') };
}

export const backupKeepInput = Type.Object(
  { id: Handle, path: CallersFile },
  { additionalProperties: false },
);

/** Puts a backup on record that whoever asked for it has in his file. */
export async function keepBackup(
  { authority }: AdminContext,
  { id, path }: Static<typeof backupKeepInput>,
  caller: Identity,
): Promise<Answer<typeof BackupAnswer>> {
  // The server of an authority that was moved ends when this is done, and so is told of last.
  const deaf = authority.standing === 'retired' ? await deafMirrors(authority) : undefined;
  const by = identityLabel(caller);
  const at = caller.name === localName ? undefined : by;
  const written = await authority.backups.keep(id, { path, at, by });
  return { ...answerOf(path, written.lock, written), deaf };
}

export const backupDropInput = Type.Object({ id: Handle }, { additionalProperties: false });

/** The handle of what is held no longer. */
export const BackupDropAnswer = Type.Object({ dropped: Handle });

/** Removes what was made, or brought; an authority that was to move into it is at work again. */
export async function dropBackup(
  { authority }: AdminContext,
  { id }: Static<typeof backupDropInput>,
  caller: Identity,
): Promise<Answer<typeof BackupDropAnswer>> {
  await authority.backups.drop(id, identityLabel(caller));
  return { dropped: id };
}

export const backupToInput = Type.Object(
  {
    /** A directory of the server's machine, absolute, or a URL; the place of its settings unless said. */
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, pattern: '^(/|https?://)' })),
    /** How many are kept there; as the settings say, with a place of its own 14. */
    keep: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    password: BackupPassword,
  },
  { additionalProperties: false },
);

/** Writes a backup under a name of its own to a place, and removes the oldest ones there. */
export async function backUpTo(
  { authority, backupPlace }: AdminContext,
  { to, keep, password }: Static<typeof backupToInput>,
  caller: Identity,
): Promise<Answer<typeof BackupAnswer>> {
  const said = { ...(to !== undefined && { place: backupPlace(to) }), ...(keep !== undefined && { keep }) };
  const { place, name, lock, ...written } = await authority.backups.writeTo({
    ...said,
    by: identityLabel(caller),
    lock: lockBy(password),
  });
  return answerOf(`${place.replace(/\/$/, '')}/${name}`, lock, written);
}

/** Brings the mirrors up to date, and gives those that are not. */
async function deafMirrors({
  mirrors,
}: AdminContext['authority']): Promise<{ readonly name: string; readonly problem: string }[]> {
  const states = mirrors.configured ? await mirrors.flush(mirrorPatienceMs) : [];
  return states
    .filter(({ problem }) => problem !== undefined)
    .map(({ name, problem = '' }) => ({ name, problem }));
}

export const undoMoveInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** Whether it may work now, and why not. */
export const UndoMoveAnswer = Type.Object({ standing: Type.String(), deaf: DeafMirrors });

/** Puts an authority that was moved away to work again. */
export async function undoMove(
  { authority }: AdminContext,
  { reason }: Static<typeof undoMoveInput>,
  caller: Identity,
): Promise<Answer<typeof UndoMoveAnswer>> {
  await authority.backups.undoMove({ reason, by: identityLabel(caller) });
  // Where the file was restored after all, a mirror knows of it, and this one stays stopped.
  const deaf = await deafMirrors(authority);
  return { standing: authority.standing, deaf };
}

export const rehearseInput = Type.Object(
  {
    /** A file that was brought; the newest backup on record unless said. */
    file: Type.Optional(Type.Object({ id: Handle, path: CallersFile }, { additionalProperties: false })),
    /** The private half of the recovery key (age), or a password. */
    identity: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { additionalProperties: false },
);

/** How a rehearsal went. */
export const RehearseAnswer = Type.Object({
  /** Of the backup. */
  name: Type.String(),
  /** `opened`: restored and worked with; `looked at`: nobody gave a key, so only its outside was checked. */
  depth: Type.Enum(['opened', 'looked at']),
  good: Type.Boolean(),
  steps: Type.Array(
    Type.Object({
      what: Type.String(),
      good: Type.Boolean(),
      /** What was seen. */
      found: Type.String(),
      mirror: PresentWhen('a mirror of the log was looked at, and not the backup', Type.String()),
    }),
  ),
});

export const rehearsalPieceInput = Type.Object(
  {
    /** The handle that the first piece got. */
    id: Type.Optional(Handle),
    /** In base64. */
    piece: Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', maxLength: 1024 * 1024 }),
  },
  { additionalProperties: false },
);

/** The handle of a file that is brought, and whether more of it is of use. */
export const RehearsalPieceAnswer = Type.Object({ id: Handle, wantsMore: Type.Boolean() });

/** Takes the next bytes of a file that is to be tried. */
export async function takeRehearsalPiece(
  { authority }: AdminContext,
  { id, piece }: Static<typeof rehearsalPieceInput>,
  caller: Identity,
): Promise<Answer<typeof RehearsalPieceAnswer>> {
  return await authority.backups.bring(Buffer.from(piece, 'base64'), { id, by: identityLabel(caller) });
}

/** Tries a backup as if it were needed. */
export async function rehearse(
  { authority }: AdminContext,
  { file, identity, password }: Static<typeof rehearseInput>,
  caller: Identity,
): Promise<Answer<typeof RehearseAnswer>> {
  const byKit =
    identity === undefined ? undefined : ({ kind: 'recovery key', identity: new Secret(identity) } as const);
  const key =
    password === undefined ? byKit : ({ kind: 'password', password: new Secret(password) } as const);
  return await authority.backups.rehearse({ file, key, by: identityLabel(caller) });
}

/** Backups on record. */
export const BackupListAnswer = Type.Array(
  Type.Object({
    place: Type.String(),
    name: Type.String(),
    madeAt: Time,
    bytes: Type.Integer(),
    sequence: Type.Integer(),
    holdsRoot: Type.Boolean(),
    rehearsedAt: TimeOrNull,
    problem: PresentWhen('the last rehearsal that looked closely enough found one', BackupProblem),
  }),
);

/** Every backup on record, the newest first. */
export async function listBackups({ authority }: AdminContext): Promise<Answer<typeof BackupListAnswer>> {
  const backups = await authority.backups.list();
  return backups.map(({ id: _id, madeAt, rehearsedAt, problem, ...rest }) => ({
    ...rest,
    madeAt: madeAt.toISOString(),
    rehearsedAt: rehearsedAt?.toISOString() ?? null,
    problem: problem && { ...problem, at: problem.at.toISOString() },
  }));
}

const mirrorPatienceMs = 10_000;

function lockBy(password: string | undefined): BackupLock | undefined {
  return password === undefined ? undefined : { kind: 'password', password: new Secret(password) };
}

function viewOf({ id, written: { bytes, sha256 } }: HeldBackup): Answer<typeof HeldBackupAnswer> {
  return { id, bytes, sha256 };
}

function answerOf(path: string, lock: BackupLock, written: WrittenBackup): Answer<typeof BackupAnswer> {
  const { bytes, sha256, about } = written;
  const { epoch, keys, log } = about;
  return {
    path,
    bytes,
    sha256,
    epoch,
    sequence: log.sequence,
    opensWith: lock.kind,
    keys,
    notHeld: notHeld(keys),
  };
}
