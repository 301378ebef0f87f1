import { parseSubject } from '../../agent/index.ts';
import { beginWaiting, checkServerNames } from '../../authority/index.ts';
import { requestPem } from '../../pki/index.ts';
import { checkChosenFile, forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { newKeystorePassphrase } from '../home/authority-home.ts';
import { checkBegins, inNewHome, newSettings } from '../home/creating.ts';
import { initAuthority } from '../init.ts';
import { addCreationOptions, type CreationOptions } from '../options/server-options.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast ca create` */
export const word: Word = {
  define: (command) => {
    const asked = ['--cn', '--o', '--ou', '--l', '--st', '--c', '--email', '--out', '--force'];
    addRules(
      command,
      ...asked.map((option) => needs(option, '--subordinate')),
      atMostOne('--subordinate', '--kit-password-file'),
    );
    addCreationOptions(command)
      .option(
        '--subordinate',
        'make the key and a certificate request for an outside root instead; the authority waits for its certificate: ca complete',
      )
      .option('--cn <name>', 'common name in the request (default: Holdfast authority)')
      .option('--o <name>', 'organisation (default: the network)')
      .option('--ou <name>', 'organisational unit')
      .option('--l <city>', 'city')
      .option('--st <state>', 'state or province')
      .option('--c <country>', 'country, two letters')
      .option('--email <address>', 'mail address')
      .option('--out <file>', 'where the request goes (default: NETWORK.csr)')
      .option(...forceOption)
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca create --network backup.example --names vault.example,192.0.2.7\n' +
          "  holdfast ca create --subordinate --network backup.example --names vault.example --o 'Example Ltd' --c DE --out authority.csr\n",
      );
  },
  run: createCa,
};

/** What `ca create` takes. */
interface CreateOptions extends CreationOptions {
  readonly subordinate?: boolean;
  readonly cn?: string;
  readonly o?: string;
  readonly ou?: string;
  readonly l?: string;
  readonly st?: string;
  readonly c?: string;
  readonly email?: string;
  readonly out?: string;
  readonly force?: boolean;
}

/** `holdfast ca create`: an authority with a root of its own, or one that waits for an outside root. */
async function createCa(context: Context, options: CreateOptions): Promise<Answer> {
  if (options.subordinate !== true) return await initAuthority(context, options);
  await checkBegins(context.home);
  const settings = await newSettings(options);
  const { network, names } = settings;
  const { permit, keyAlgorithm, force = false } = options;
  if (permit !== undefined) checkServerNames(permit, names);
  const subject = parseSubject({
    ...options,
    cn: options.cn ?? 'Holdfast authority',
    o: organisation(options, network),
  });
  const file = localPath(context.workingDirectory, options.out ?? `${network}.csr`);
  const chosen = { replace: force, word: '--force' };
  await checkChosenFile(file, chosen);
  const passphrase = await newKeystorePassphrase(context, options);
  const createdAt = new Date(context.clock.now());
  const waiting = await inNewHome(context.home, settings, ({ path: home }) =>
    beginWaiting({ home, network, subject, keyAlgorithm, permit, passphrase, createdAt }),
  );
  await writeChosenFile(file, requestPem(waiting.request), { ...chosen, mode: 0o644 });
  const value = { network, statusAddress: settings.statusAddress, subject: waiting.subject, file };
  const rows = [
    row('authority', 'waits for its certificate', network),
    row('request', waiting.subject, 'an authority with path length 1, for certificates and lists'),
    row('file', file),
    row('next', 'have an outside root sign it; then: holdfast ca complete FILE --root ROOT'),
  ];
  return { value, rows };
}

const maxOrganisationLength = 64;

/** Where nothing is said the network, unless it is too long for one (RFC 5280, ub-organization-name). */
function organisation({ o }: CreateOptions, network: string): string | undefined {
  return o ?? (network.length <= maxOrganisationLength ? network : undefined);
}
