import { Secret } from '../../base/index.ts';
import type { Fingerprint } from '../../pki/index.ts';
import { passphraseRecipient } from '../../trust/index.ts';

/** The two halves of a network's recovery key. */
export interface RecoveryKey {
  /** Whom everything is sealed to (age). */
  readonly recipient: string;
  /** The age identity that opens it; nowhere but in the kit. */
  readonly identity: Secret<string>;
}

/**
 * Makes a recovery key: X25519 and ML-KEM-768 together, since what is sealed to it today has to stay sealed for as
 * long as somebody may keep a copy.
 */
export async function generateRecoveryKey(): Promise<RecoveryKey> {
  // Once in the life of a network: no other command waits for the curves to be made ready.
  const { generateHybridIdentity, identityToRecipient } = await import('age-encryption');
  const identity = await generateHybridIdentity();
  return { recipient: await identityToRecipient(identity), identity: new Secret(identity) };
}

/** What stands on the kit. */
export interface RecoveryKitOptions {
  readonly network: string;
  readonly root: Fingerprint;
  readonly madeAt: Date;
  /** Protects the key in the kit (scrypt). */
  readonly passphrase?: Secret<string>;
}

/**
 * The text of the kit. Every line but the key's own is a comment, so that the file as it stands is an identity file
 * for any program that speaks age; with a passphrase the key is an age file of its own inside.
 */
export async function recoveryKitText(
  { identity }: RecoveryKey,
  options: RecoveryKitOptions,
): Promise<Secret<string>> {
  const { network, root, madeAt, passphrase } = options;
  const key = passphrase === undefined ? `${identity.reveal()}\n` : await seal(identity, passphrase);
  const use = passphrase === undefined ? plainUse : sealedUse;
  const head = [
    `RECOVERY KIT of the backup network ${network}`,
    '',
    `Root certificate   ${root}`,
    `Made               ${madeAt.toISOString()}`,
    '',
    ...explanation,
    '',
    ...use,
  ];
  return new Secret(`${head.map((line) => `# ${line}`.trimEnd()).join('\n')}\n\n${key}`);
}

const explanation = [
  'Keep this away from the machine it was made on: on paper, or on a medium in a safe. Then delete the file.',
  'Whoever has it, and gets at the server, can read every backup of this network. Whoever loses it can',
  'no longer open the backups of a machine whose own keys are lost, nor backups of the authority.',
  '',
  'Anybody can seal something to this kit. Lines "# Escrow NODE FINGERPRINT" say which sealed password is the one that',
  'NODE left; the server adds them while the kit is on it. Write those of later machines below yourself: holdfast backup',
  'says it at the first backup of a machine, and holdfast status there at any time. holdfast recover takes no other.',
];
const plainUse = [
  'How it is used: the key below opens what was sealed for this network, in the age format',
  '(age-encryption.org, version 1.3 or newer):  age --decrypt --identity THIS-FILE SEALED-FILE',
];
const sealedUse = [
  'How it is used: the block below is an age file (age-encryption.org) protected by the passphrase chosen when it',
  'was made. Copy it, from BEGIN to END, into a file KEY; then:  age --decrypt --identity KEY SEALED-FILE',
];

async function seal(identity: Secret<string>, passphrase: Secret<string>): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase));
  return armor.encode(await encrypter.encrypt(`${identity.reveal()}\n`));
}
