import {
  type AdoptSources,
  checkRoot,
  type FoundAuthority,
  type Imports,
  isSelfSigned,
  permittingNames,
  type RootJudgement,
  readAdopted,
} from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { formatName } from '../../pki/index.ts';
import { localPath } from '../files/local-path.ts';
import { authorityRows, checkBegins, createAuthorityHome, newSettings } from '../home/creating.ts';
import type { Settings } from '../home/settings.ts';
import { RepeatableOption } from '../options/option-values.ts';
import { addCreationOptions, type CreationOptions } from '../options/server-options.ts';
import { addRules, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import { givenPassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast ca adopt [PLACE]` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--key', '--cert'));
    command
      .description(
        'make an authority out of one that exists: its certificate becomes the root, everything that it issued is on record ' +
          'and can be revoked. All that stands against it is said before anything changes; nothing of it is changed',
      )
      .argument(
        '[place]',
        'its directory (openssl ca, easy-rsa, step-ca, a Windows backup) or a PKCS#12 file',
      )
      .option('--cert <file>', 'the certificate, where the layout is another one')
      .option('--key <file>', 'its private key, PEM')
      .addOption(
        new RepeatableOption(
          '--chain <file>',
          'the certificates above it, up to the outside root, when it is an intermediate',
        ),
      )
      .addOption(
        new RepeatableOption(
          '--issued <path>',
          'what it had issued: directories or files of certificates, index.txt',
        ),
      )
      .addOption(new RepeatableOption('--crl <file>', 'revocation lists that it had signed'))
      .option(
        '--password-file <file>',
        'the password of the key is in this file; asked for on a terminal unless said',
      )
      .option('--dry-run', 'show what would become what, and change nothing');
    addCreationOptions(command).addHelpText(
      'after',
      '\nExamples:\n  holdfast ca adopt /etc/easy-rsa --network backup.example --dry-run\n' +
        '  holdfast ca adopt --cert ca.pem --key ca.key --chain corporate.pem --network backup.example --names vault.example\n' +
        '  holdfast ca adopt authority.p12 --password-file secret --crl authority.crl --network backup.example\n',
    );
  },
  run: adopt,
};

/** What `ca adopt` takes. */
interface AdoptOptions extends CreationOptions, Omit<AdoptSources, 'place' | 'password'> {
  readonly passwordFile?: string;
  readonly dryRun?: boolean;
}

/** `holdfast ca adopt`: an authority whose root was there before. */
async function adopt(context: Context, place: string | undefined, options: AdoptOptions): Promise<Answer> {
  if (options.network === undefined)
    throw new HoldfastError(
      'usage',
      'the network has no name yet, and a certificate of before does not say it',
      {
        hint: 'name it, for as long as the network lasts: --network backup.example',
      },
    );
  await checkBegins(context.home);
  const found = await readAdopted(sourcesOf(context, place, options));
  const settings = await newSettings(options);
  const judgement = checkRoot(found.root, {
    ...settings,
    nameConstraints: options.permit && permittingNames(options.permit),
    nowMs: context.clock.now(),
    aboveBy: '--chain FILE',
  });
  if (options.dryRun === true) {
    const rows = [...planRows(context, found, judgement), row('changed', 'nothing: this was a dry run')];
    return { value: valueOf(context, found, { settings, judgement }), rows };
  }
  await using opened = await createAuthorityHome(context, options, { root: found.root });
  const value = { ...valueOf(context, found, { settings, judgement }), recoveryKit: opened.home.recoveryKit };
  const rows = [
    ...(await authorityRows(opened)),
    ...planRows(context, found, judgement),
    ...keyRows(found),
    row('next', 'holdfast serve   ·   holdfast token create NAME   ·   holdfast cert list --imported'),
  ];
  return { value, rows };
}

function sourcesOf(
  context: Context,
  place: string | undefined,
  { cert, key, chain, issued, crl, passwordFile }: AdoptOptions,
): AdoptSources {
  const absolute = (path: string): string => localPath(context.workingDirectory, path);
  const file = (path: string | undefined) => (path === undefined ? undefined : absolute(path));
  return {
    place: file(place),
    cert: file(cert),
    key: file(key),
    chain: chain?.map(absolute),
    issued: issued?.map(absolute),
    crl: crl?.map(absolute),
    password: (of) => givenPassword(context, passwordFile, of),
  };
}

function valueOf(
  { clock }: Context,
  { root, layout }: FoundAuthority,
  {
    settings: { network, statusAddress },
    judgement,
  }: { readonly settings: Settings; readonly judgement: RootJudgement },
): object {
  const { certificate, outside, imports } = root;
  return {
    network,
    statusAddress,
    layout: layout ?? null,
    root: {
      fingerprint: certificate.fingerprint,
      subject: formatName(certificate.subject),
      notAfter: certificate.notAfter.toISOString(),
    },
    outside: outside.map(({ fingerprint, subject }) => ({ fingerprint, subject: formatName(subject) })),
    imported: countsOf(imports, clock.now()),
    notes: [...judgement.notes, ...imports.notes],
  };
}

function countsOf({ certificates }: Imports, nowMs: number) {
  const revoked = certificates.filter((each) => each.revoked !== undefined).length;
  const expired = certificates.filter(
    ({ revoked: end, notAfter }) => end === undefined && notAfter !== undefined && notAfter.getTime() < nowMs,
  ).length;
  return {
    all: certificates.length,
    valid: certificates.length - revoked - expired,
    expired,
    revoked,
    /** Of these nothing but the number is known. */
    numbersAlone: certificates.filter(({ certificate }) => certificate === undefined).length,
  };
}

function* planRows({ clock }: Context, found: FoundAuthority, judgement: RootJudgement): Iterable<Row> {
  const { certificate, outside, imports } = found.root;
  const what = isSelfSigned(certificate) ? 'a root' : 'an intermediate';
  const from = found.layout === undefined ? [] : [`as ${found.layout} has it`];
  yield row('root', formatName(certificate.subject), what, ...from, 'issuing certificates stand below it');
  for (const { subject } of outside)
    yield row(
      'above it',
      formatName(subject),
      'no machine of the network trusts it; it is in ca.pem for others',
    );
  const { all, valid, expired, revoked, numbersAlone } = countsOf(imports, clock.now());
  yield row(
    'of before',
    plural(all, 'certificate'),
    `${valid} valid`,
    `${expired} expired`,
    `${revoked} revoked`,
    ...(numbersAlone === 0 ? [] : [`${numbersAlone} known by their number alone`]),
  );
  for (const note of [...judgement.notes, ...imports.notes]) yield warning(note);
  const elsewhere = listAddresses(imports);
  if (elsewhere.length > 0)
    yield warning(
      `certificates of before say that their revocation list is at ${elsewhere.join(', ')}: ` +
        'put it there from now on, holdfast ca crl root-1 --out FILE',
    );
}

const maxAddresses = 3;

/** Where certificates of before send whoever asks what was revoked. */
function listAddresses({ certificates }: Imports): string[] {
  const all = certificates.flatMap(({ certificate }) => certificate?.extensions.crlUrls ?? []);
  return [...new Set(all)].slice(0, maxAddresses);
}

function* keyRows({ root: { keyFile } }: FoundAuthority): Iterable<Row> {
  if (keyFile === undefined) return;
  yield warning(
    `the key of the root is still in ${keyFile.path} too: once this authority and a backup of it work, destroy that file ` +
      'and every copy of it, since whoever has it makes certificates that nothing here knows',
  );
}
