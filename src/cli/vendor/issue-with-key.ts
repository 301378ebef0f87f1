import type { Command } from 'commander';
import type { OperationAnswer } from '../../admin/index.ts';
import { asBuffer, HoldfastError, isHoldfastError } from '../../base/index.ts';
import type { SubjectWords } from '../../compat/index.ts';
import {
  certificatePem,
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  privateKeyPem,
} from '../../pki/index.ts';
import { withAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';

/** A certificate for another machine. */
interface KeyOrder {
  readonly role: 'server' | 'client';
  readonly name: string;
  readonly names?: readonly string[];
  /** The name as CN unless said. */
  readonly subject?: SubjectWords;
}

/** A certificate with the key that was made for it here. */
export interface IssuedWithKey {
  readonly answer: OperationAnswer<'cert.issue'>;
  /** Leaf, then issuing. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly rootPem: string;
}

/**
 * Has a certificate issued for a key that is made here, for another machine; the authority sees its public half, and its
 * log says that the key was made so.
 */
export async function issueWithKey(context: Context, order: KeyOrder): Promise<IssuedWithKey> {
  const { privateKey } = await generateKeyPair('p256');
  const { names = [], subject, ...rest } = order;
  const answer = await withAdmin(context, (admin) =>
    admin.call('cert.issue', {
      ...rest,
      names: [...names],
      subject,
      publicKey: asBuffer(exportPublicKey(privateKey)).toString('base64'),
      withKey: true,
    }),
  );
  return {
    answer,
    certificatePem: answer.chain.map(pemOf).join(''),
    keyPem: privateKeyPem(exportPrivateKey(privateKey)),
    rootPem: pemOf(answer.root),
  };
}

function pemOf(base64: string): string {
  return certificatePem(Buffer.from(base64, 'base64'));
}

/** Before a directory is made. @throws HoldfastError `home_missing`, with the word that makes one */
export async function checkHasAuthority({ home }: Context): Promise<void> {
  try {
    await openHome(home);
  } catch (cause) {
    if (!isHoldfastError(cause, 'home_missing')) throw cause;
    throw new HoldfastError('home_missing', cause.message, {
      hint: 'sm_ssl_cert ca makes the authority; --home DIR names another place',
      cause,
    });
  }
}

/** What was issued, and where it lies. */
export function issuedAnswer(
  { clock }: Context,
  { answer }: IssuedWithKey,
  files: { readonly certificate: string; readonly key: string },
): Answer {
  const { identity, serial, fingerprint, notAfter } = answer;
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  const rows = [
    row('issued', identity, `serial ${serial.slice(0, 16)}`, `valid ${left}`),
    row('certificate', files.certificate),
    row('key', files.key, 'move it to its machine; it was made here and is not kept elsewhere'),
  ];
  return { value: { identity, serial, fingerprint, notAfter, ...files }, rows };
}

/** Adds the options that say where files go. */
export function addPlaceOptions(command: Command): Command {
  return addRules(command, atMostOne('--path', '--ini'))
    .option('--path <dir>', 'where the files go, without a directory of their own')
    .option('--ini <dir>', 'the ini directory (SESAM_INI; /var/opt/sesam/var/ini)');
}
