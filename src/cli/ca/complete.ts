import {
  type AdoptedRoot,
  answeredRoot,
  authorityWaiting,
  checkRoot,
  openWaitingKey,
  permittingNames,
  readWaiting,
  type WaitingAuthority,
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
import { withAdmin } from '../home/administering.ts';
import { keystorePassphrase as askPassphrase } from '../home/authority-home.ts';
import { authorityRows, createInHome, kitPassphrase } from '../home/creating.ts';
import { type Home, openHome } from '../home/home.ts';
import { readSettings } from '../home/settings.ts';
import { RepeatableOption } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast ca complete FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'install the certificate that an outside root has signed for the request of this authority, the first time and ' +
          'whenever there is another one for the same key. All that stands ' +
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

/** `holdfast ca complete FILE`: the authority that waited goes to work, or one at work has its next certificate. */
async function completeCa(context: Context, file: string, options: CompleteOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const paths = [file, ...(options.root ?? [])].map((each) => localPath(context.workingDirectory, each));
  const certificates = (await Promise.all(paths.map(readCertificates))).flat();
  const kit = await kitPassphrase(context, options);
  const waiting = await readWaiting(home.path);
  if (waiting !== undefined) return await beginWork(context, { home, waiting, certificates, kit });
  if (kit !== undefined)
    throw new HoldfastError(
      'usage',
      `the recovery kit of ${home.path} was written when its authority was made`,
      {
        hint: 'say it without --kit-password-file',
      },
    );
  return await renew(context, certificates);
}

/** What a waiting authority goes to work with. */
interface Completion {
  readonly home: Home;
  readonly waiting: WaitingAuthority;
  /** DER, in any order. */
  readonly certificates: readonly Uint8Array[];
  readonly kit: Secret<string> | undefined;
}

async function beginWork(
  context: Context,
  { home, waiting, certificates, kit: kitPassphrase }: Completion,
): Promise<Answer> {
  const settings = await readSettings(home);
  if (settings === undefined) throw authorityWaiting(home.path, waiting);
  let keystorePassphrase: Secret<string> | undefined;
  const key = await openWaitingKey(home.path, {
    passphrase: async () => (keystorePassphrase = await askPassphrase(context, home, settings)),
  });
  const parsed = certificates.map((der) => parseCertificate(der));
  const answered = answeredRoot(parsed, exportPublicKey(key));
  const root: AdoptedRoot = { ...answered, key, imports: { certificates: [], notes: [] } };
  const { permit } = waiting;
  const { notes } = checkRoot(root, {
    ...settings,
    nameConstraints: permit && permittingNames(permit),
    nowMs: context.clock.now(),
    aboveBy: '--root FILE',
  });
  const keyAlgorithm = keyAlgorithmOf(root.certificate.spki);
  const keys = { permit, keyAlgorithm, keystorePassphrase, kitPassphrase };
  await using opened = await createInHome(context, { home, settings, root, ...keys });
  const shown = { root: viewOf(root.certificate), outside: root.outside.map(viewOf) };
  const value = { network: settings.network, ...shown, present: false, notes };
  const rows = [
    ...(await authorityRows(opened)),
    ...pathRows(shown),
    ...notes.map(warning),
    row('next', 'holdfast serve   ·   holdfast token create NAME   ·   holdfast ca export ca.pem'),
  ];
  return { value: { ...value, recoveryKit: home.recoveryKit }, rows };
}

/** Another certificate for the key of an authority at work. */
async function renew(context: Context, ders: readonly Uint8Array[]): Promise<Answer> {
  const certificates = ders.map((der) => Buffer.from(der).toString('base64'));
  const value = await withAdmin(context, (admin) => admin.call('ca.complete', { certificates }));
  const { present, notes } = value;
  const rows = [
    row('authority', value.network, present ? 'has this certificate already' : 'has another certificate'),
    ...pathRows(value),
    ...notes.map(warning),
    row(
      'next',
      'nodes have it with their next renewal; holdfast ca export ca.pem gives it to other programs',
    ),
  ];
  return { value, rows };
}

/** A certificate as it is shown. */
interface Shown {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: string;
}

/** The way from the authority's own certificate up to the outside root. */
function* pathRows({
  root,
  outside,
}: {
  readonly root: Shown;
  readonly outside: readonly Shown[];
}): Iterable<Row> {
  yield row('root', root.subject, `ends ${dayOf(root)}`, 'issuing certificates stand below it');
  for (const each of outside)
    yield row(
      'above it',
      each.subject,
      `ends ${dayOf(each)}`,
      'no machine of the network trusts it; it is in ca.pem for others',
    );
}

function dayOf({ notAfter }: Shown): string {
  return notAfter.slice(0, 10);
}

function viewOf({ fingerprint, subject, notAfter }: Certificate): Shown {
  return { fingerprint, subject: formatName(subject), notAfter: notAfter.toISOString() };
}
