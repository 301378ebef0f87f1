import { type Static, Type } from 'typebox';
import { identityLabel, notHeld } from '../authority/index.ts';
import { asBuffer, Secret } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, Base64 } from './answer.ts';
import { HeldKeys, NotHeld } from './backups.ts';

export const keysExportInput = Type.Object(
  {
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    legacy: Type.Optional(Type.Boolean()),
    /** Where the caller writes the file: absolute, for the log. */
    to: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' })),
  },
  { additionalProperties: false },
);

/** Keys and certificates as PKCS#12. */
export const KeysExportAnswer = Type.Object({ file: Base64, keys: HeldKeys, notHeld: NotHeld });

/** The authority's keys and certificates as PKCS#12 under a password. Errors: those of an authority that may not work. */
export async function exportKeys(
  { authority }: AdminContext,
  { password, legacy = false, to }: Static<typeof keysExportInput>,
  caller: Identity,
): Promise<Answer<typeof KeysExportAnswer>> {
  const order = { password: new Secret(password), legacy, to, by: identityLabel(caller) };
  const { file, keys } = await authority.backups.pkcs12(order);
  return { file: asBuffer(file).toString('base64'), keys, notHeld: notHeld(keys) };
}
