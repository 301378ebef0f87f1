import { type Static, Type } from 'typebox';
import { type BackupLock, identityLabel, notHeld, type WrittenBackup } from '../authority/index.ts';
import { Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, PresentWhen, Time, TimeOrNull } from './answer.ts';

export const backupInput = Type.Object(
  {
    /** Absolute. */
    path: Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' }),
    /** What opens it; the recovery key unless there is one. */
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    force: Type.Optional(Type.Boolean()),
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

/** Writes a backup of the authority on this machine. */
export async function backUp(
  { authority }: AdminContext,
  input: Static<typeof backupInput>,
  caller: Identity,
): Promise<Answer<typeof BackupAnswer>> {
  return answerOf(input, await authority.backups.write(orderOf(input, caller)));
}

export const backupToInput = Type.Object(
  {
    /** A directory, absolute, or a URL. */
    to: Type.String({ minLength: 1, maxLength: 4096, pattern: '^(/|https?://)' }),
    /** How many are kept there. */
    keep: Type.Integer({ minimum: 1, maximum: 10_000 }),
    password: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { additionalProperties: false },
);

/** Writes a backup under a name of its own to a place, and removes the oldest ones there. */
export async function backUpTo(
  { authority, backupPlace }: AdminContext,
  { to, keep, password }: Static<typeof backupToInput>,
  caller: Identity,
): Promise<Answer<typeof BackupAnswer>> {
  const lock = password === undefined ? undefined : lockBy(password);
  const order = { place: backupPlace(to), keep, by: identityLabel(caller), lock };
  const { place, name, ...written } = await authority.backups.writeTo(order);
  return answerOf({ path: `${place.replace(/\/$/, '')}/${name}`, password }, written);
}

/** Retires the authority and writes the backup that goes on elsewhere. */
export async function moveAway(
  { authority }: AdminContext,
  input: Static<typeof backupInput>,
  caller: Identity,
): Promise<Answer<typeof BackupAnswer>> {
  const answer = answerOf(input, await authority.backups.move(orderOf(input, caller)));
  return { ...answer, deaf: await deafMirrors(authority) };
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
    /** Absolute; the newest on record unless said. */
    path: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' })),
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

/** Tries a backup as if it were needed. */
export async function rehearse(
  { authority }: AdminContext,
  { path, identity, password }: Static<typeof rehearseInput>,
  caller: Identity,
): Promise<Answer<typeof RehearseAnswer>> {
  const byKit =
    identity === undefined ? undefined : ({ kind: 'recovery key', identity: new Secret(identity) } as const);
  const key =
    password === undefined ? byKit : ({ kind: 'password', password: new Secret(password) } as const);
  return await authority.backups.rehearse({ path, key, by: identityLabel(caller) });
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

function orderOf({ path, password, force = false }: Static<typeof backupInput>, caller: Identity) {
  return {
    path,
    force,
    by: identityLabel(caller),
    ...(password !== undefined && { lock: lockBy(password) }),
  };
}

function lockBy(password: string): BackupLock {
  return { kind: 'password', password: new Secret(password) };
}

function answerOf(
  { path, password }: { readonly path: string; readonly password?: string | undefined },
  written: WrittenBackup,
): Answer<typeof BackupAnswer> {
  const { bytes, sha256, about } = written;
  const { epoch, keys, log } = about;
  const opensWith = password === undefined ? 'recovery key' : 'password';
  return { path, bytes, sha256, epoch, sequence: log.sequence, opensWith, keys, notHeld: notHeld(keys) };
}
