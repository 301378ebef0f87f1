import { type Static, Type } from 'typebox';
import {
  type BackupLock,
  identityLabel,
  type NamedRehearsal,
  type WrittenBackup,
} from '../authority/index.ts';
import { Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';

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

/** A backup that is on the disk, read back. */
export interface BackupAnswer {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly epoch: number;
  /** The last record of the log that it holds. */
  readonly sequence: number;
  readonly opensWith: 'recovery key' | 'password';
  readonly keys: readonly { readonly label: string; readonly held: boolean }[];
}

/** Writes a backup of the authority on this machine. */
export async function backUp(
  { authority }: AdminContext,
  input: Static<typeof backupInput>,
  caller: Identity,
): Promise<BackupAnswer> {
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
): Promise<BackupAnswer> {
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
): Promise<BackupAnswer> {
  const answer = answerOf(input, await authority.backups.move(orderOf(input, caller)));
  if (authority.mirrors.configured) await authority.mirrors.flush(mirrorPatienceMs);
  return answer;
}

export const undoMoveInput = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000 }) },
  { additionalProperties: false },
);

/** Puts an authority that was moved away to work again. */
export async function undoMove(
  { authority }: AdminContext,
  { reason }: Static<typeof undoMoveInput>,
  caller: Identity,
): Promise<{ readonly standing: string }> {
  await authority.backups.undoMove({ reason, by: identityLabel(caller) });
  // Where the file was restored after all, a mirror knows of it, and this one stays stopped.
  if (authority.mirrors.configured) await authority.mirrors.flush(mirrorPatienceMs);
  return { standing: authority.standing };
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

/** Tries a backup as if it were needed. */
export async function rehearse(
  { authority }: AdminContext,
  { path, identity, password }: Static<typeof rehearseInput>,
  caller: Identity,
): Promise<NamedRehearsal> {
  const byKit =
    identity === undefined ? undefined : ({ kind: 'recovery key', identity: new Secret(identity) } as const);
  const key =
    password === undefined ? byKit : ({ kind: 'password', password: new Secret(password) } as const);
  return await authority.backups.rehearse({ path, key, by: identityLabel(caller) });
}

/** A backup on record. */
export interface BackupView {
  readonly place: string;
  readonly name: string;
  readonly madeAt: string;
  readonly bytes: number;
  readonly sequence: number;
  readonly holdsRoot: boolean;
  readonly rehearsedAt: string | null;
}

/** Every backup on record, the newest first. */
export async function listBackups({ authority }: AdminContext): Promise<BackupView[]> {
  const backups = await authority.backups.list();
  return backups.map(({ id: _id, madeAt, rehearsedAt, ...rest }) => ({
    ...rest,
    madeAt: madeAt.toISOString(),
    rehearsedAt: rehearsedAt?.toISOString() ?? null,
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
): BackupAnswer {
  const { bytes, sha256, about } = written;
  const { epoch, keys, log } = about;
  const opensWith = password === undefined ? 'recovery key' : 'password';
  return { path, bytes, sha256, epoch, sequence: log.sequence, opensWith, keys };
}
