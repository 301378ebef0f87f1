import type { OperationAnswer } from '../../admin/index.ts';
import { asBuffer } from '../../base/index.ts';
import type { SubjectWords } from '../../compat/index.ts';
import {
  certificatePem,
  exportPrivateKey,
  exportPublicKey,
  generateKeyPair,
  privateKeyPem,
} from '../../pki/index.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';

/** A certificate for another machine. */
export interface KeyOrder {
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
