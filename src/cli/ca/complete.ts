import {
  type AdoptedRoot,
  answeredRoot,
  authorityWaiting,
  checkRoot,
  openWaitingKey,
  permittingNames,
  readWaiting,
} from '../../authority/index.ts';
import { HoldfastError, type Secret } from '../../base/index.ts';
import {
  type Certificate,
  exportPublicKey,
  formatName,
  keyAlgorithmOf,
  parseCertificate,
} from '../../pki/index.ts';
import { readCertificates } from '../files/certificate-file.ts';
import { localPath } from '../files/local-path.ts';
import { authorityRows, createInHome, kitPassphrase } from '../home/creating.ts';
import { type Home, openHome } from '../home/home.ts';
import { keystorePassphrase } from '../home/keystore-passphrase.ts';
import { readSettings } from '../home/settings.ts';
import { RepeatableOption } from '../options/repeatable-option.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast ca complete FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'install the certificate that an outside root has signed for the request of this authority. All that stands ' +
          'against it is said before anything changes',
      )
      .argument(
        '<file>',
        'the certificate, and what is above it where it is there: PEM, DER or PKCS#7, in any order',
      )
      .addOption(new RepeatableOption('--root <file>', 'the certificates above it, up to the outside root'))
      .option('--kit-password-file <file>', 'protect the recovery kit with the passphrase in this file')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca complete authority.p7b\n  holdfast ca complete authority.pem --root corporate-root.pem\n',
      );
  },
  run: completeCa,
};

/** What `ca complete` takes. */
interface CompleteOptions {
  readonly root?: readonly string[];
  readonly kitPasswordFile?: string;
}

/** `holdfast ca complete FILE`: the authority that waited goes to work. */
async function completeCa(context: Context, file: string, options: CompleteOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const paths = [file, ...(options.root ?? [])].map((each) => localPath(context.workingDirectory, each));
  const certificates = (await Promise.all(paths.map(readCertificates)))
    .flat()
    .map((der) => parseCertificate(der));
  const kit = await kitPassphrase(context, options);
  const waiting = await readWaiting(home.path);
  if (waiting === undefined) throw nothingWaits(home);
  const settings = await readSettings(home);
  if (settings === undefined) throw authorityWaiting(home.path, waiting);
  let passphrase: Secret<string> | undefined;
  const key = await openWaitingKey(home.path, {
    passphrase: async () => (passphrase = await keystorePassphrase(context, home, settings)),
  });
  const answered = answeredRoot(certificates, exportPublicKey(key));
  const root: AdoptedRoot = { ...answered, key, imports: { certificates: [], notes: [] } };
  const { permit } = waiting;
  const judgement = checkRoot(root, {
    ...settings,
    nameConstraints: permit && permittingNames(permit),
    nowMs: context.clock.now(),
    aboveBy: '--root FILE',
  });
  const keyAlgorithm = keyAlgorithmOf(root.certificate.spki);
  const keys = { permit, keyAlgorithm, keystorePassphrase: passphrase, kitPassphrase: kit };
  await using opened = await createInHome(context, { home, settings, root, ...keys });
  const value = {
    network: settings.network,
    root: viewOf(root.certificate),
    outside: root.outside.map(viewOf),
    recoveryKit: home.recoveryKit,
  };
  const rows = [
    ...(await authorityRows(opened)),
    ...pathRows(root),
    ...judgement.notes.map(warning),
    row('next', 'holdfast serve   ·   holdfast token create NAME   ·   holdfast ca export ca.pem'),
  ];
  return { value, rows };
}

function nothingWaits({ path }: Home): HoldfastError {
  return new HoldfastError('usage', `no authority waits for a certificate in ${path}`, {
    hint: 'holdfast ca create --subordinate begins one; name its home with --home DIR',
  });
}

/** The way from the authority's own certificate up to the outside root. */
function* pathRows({ certificate, outside }: Pick<AdoptedRoot, 'certificate' | 'outside'>): Iterable<Row> {
  yield row(
    'root',
    formatName(certificate.subject),
    `ends ${dayOf(certificate)}`,
    'issuing certificates stand below it',
  );
  for (const each of outside)
    yield row(
      'above it',
      formatName(each.subject),
      `ends ${dayOf(each)}`,
      'no machine of the network trusts it; it is in ca.pem for others',
    );
}

function dayOf({ notAfter }: Certificate): string {
  return notAfter.toISOString().slice(0, 10);
}

function viewOf({ fingerprint, subject, notAfter }: Certificate) {
  return { fingerprint, subject: formatName(subject), notAfter: notAfter.toISOString() };
}
