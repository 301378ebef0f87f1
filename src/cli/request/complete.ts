import { type CertificateView, describeCertificate } from '../../admin/index.ts';
import { completePending, openOrCreateKeystore } from '../../agent/index.ts';
import { parseCertificate, signed } from '../../pki/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { commandLine } from '../repository/command-line.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast request complete FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description('pair a certificate with the key that waits for it in the keystore, by its public key')
      .argument('<file>', 'the certificate and what leads to its authority: PEM, DER or PKCS#7')
      .addHelpText('after', '\nExample:\n  holdfast request complete vault.p7b\n');
  },
  run: completeRequest,
};

/** `holdfast request complete FILE`: pairs what the authority sent with the key that waits for it. */
async function completeRequest(context: Context, file: string): Promise<Answer> {
  const { clock } = context;
  const certificates = await readCertificates(localPath(context.workingDirectory, file));
  const keystore = await openOrCreateKeystore((await openHome(context.home)).node);
  const { name, chain } = await completePending(keystore, certificates);
  const leaf = parseCertificate(chain[0] as Uint8Array);
  const view = describeCertificate(leaf, clock.now());
  if (view.state !== 'valid')
    context.output.warn(`the certificate is ${view.state}: ${view.notBefore} to ${view.notAfter}`);
  const isAlone = !certificates.some((der) => signed(parseCertificate(der), leaf));
  const value = { friendlyName: name, ...view, certificates: chain.length };
  return { value, rows: completedRows(name, view, { file, isAlone }) };
}

function* completedRows(
  name: string,
  { subject, issuer, notBefore, notAfter }: CertificateView,
  { file, isAlone }: { readonly file: string; readonly isAlone: boolean },
): Iterable<Row> {
  yield row('completed', name, subject, `of ${issuer}`);
  yield row('valid', `${notBefore} to ${notAfter}`);
  if (isAlone)
    yield warning('no issuing certificate is in the file: clients that do not have it will find no path');
  yield row('next', commandLine(['holdfast', 'tls', 'bind', file]));
}
