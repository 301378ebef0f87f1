import { access } from 'node:fs/promises';
import { describeCertificate, type OperationAnswer } from '../../admin/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast cert show SERIAL|FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'show one certificate: of this authority by its serial number or enough of its beginning, or from a file',
      )
      .argument('<serial-or-file>', 'a serial number of cert list, or a PEM or DER file')
      .addHelpText('after', '\nExamples:\n  holdfast cert show 4f1c…\n  holdfast cert show ca.pem --json\n');
  },
  run: showCertificate,
};

type CertificateView = OperationAnswer<'cert.show'>;

/** `holdfast cert show`: one certificate, of the authority by its serial number or from a file. */
async function showCertificate(context: Context, what: string): Promise<Answer> {
  const isSerial = /^[0-9a-fA-F]{8,40}$/.test(what) || (await isShortSerial(context, what));
  const views = isSerial
    ? [await askAdmin(context, (admin) => admin.call('cert.show', { serial: what.toLowerCase() }))]
    : await viewsFromFile(localPath(context.workingDirectory, what), context.clock.now());
  return {
    value: isSerial ? views[0] : views,
    rows: views.flatMap((view) => [...certificateRows(context, view)]),
  };
}

/** Counters of before made short numbers, which can be names of files too: those come first. */
async function isShortSerial({ workingDirectory }: Context, what: string): Promise<boolean> {
  if (!/^[0-9a-fA-F]{1,7}$/.test(what)) return false;
  return await access(localPath(workingDirectory, what)).then(
    () => false,
    () => true,
  );
}

async function viewsFromFile(path: string, nowMs: number): Promise<CertificateView[]> {
  const ders = await readCertificates(path);
  return ders.map((der) => describeCertificate(parseCertificate(der), nowMs));
}

function* certificateRows({ clock }: Context, view: CertificateView): Iterable<Row> {
  yield row('subject', view.subject);
  if (view.identity !== undefined) yield row('identity', view.identity);
  yield row('names', view.names.join(', '));
  yield row('issuer', view.issuer);
  yield row('serial', view.serial);
  yield row('fingerprint', view.fingerprint);
  yield row('key', view.key);
  yield row(
    'valid',
    `${view.notBefore} to ${view.notAfter}`,
    formatRemaining(new Date(view.notAfter).getTime() - clock.now()),
  );
  if (view.clipped) yield row('', 'ends with the issuing certificate, before its time');
  const { state, revokedAt, revocationReason } = view;
  if (revokedAt === undefined) yield row('state', state);
  else yield row('state', `${state} ${revokedAt}`, revocationReason ?? 'unspecified');
  if (view.byIssuer) yield row('', 'with the issuing certificate; it can still be renewed');
}
