import { InvalidArgumentError, Option } from 'commander';
import {
  findRequestKey,
  keyCopiesOf,
  openOrCreateKeystore,
  type RequestKey,
  withNotedCopy,
} from '../../agent/index.ts';
import { type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import { certificatePem, createPkcs12, exportPrivateKey, privateKeyPem } from '../../pki/index.ts';
import { checkChosenFile, forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import { choosePassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast request export NAME FILE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('--certificate', '--format p12'),
      atMostOne('--password-file', '--format pem'),
      atMostOne('--password-file', '--certificate'),
    );
    command
      .description(
        'write the key that request create made, with its certificate, for the web server it was made for',
      )
      .argument('<name>', 'the friendly name of the request')
      .argument('<file>', 'key and, when it has come, certificate and chain, in PEM; or PKCS#12')
      .option('--certificate <file>', 'certificate and chain go here, and FILE has the key alone')
      .addOption(
        new Option(
          '--format <format>',
          'how it is written (default: p12 for a file called .p12 or .pfx, else pem)',
        ).choices(['pem', 'p12']),
      )
      .option('--password-file <file>', 'the password of the PKCS#12 file is in this file')
      .addOption(
        new Option('--mode <mode>', 'who may read FILE, in octal digits')
          .argParser(parseMode)
          .default(0o600, '600'),
      )
      .option(...forceOption)
      .addHelpText('after', examples);
  },
  run: exportRequest,
};

const examples = `
The key is in two places then. It stays in the keystore of this machine, which notes where it went.

Examples:
  holdfast request export vault.example /etc/nginx/vault.key --certificate /etc/nginx/vault.pem
  holdfast request export vault.example vault.pfx --password-file secret
`;

/** What `request export` takes. */
interface RequestExportOptions {
  readonly certificate?: string | undefined;
  readonly format?: 'pem' | 'p12' | undefined;
  readonly passwordFile?: string | undefined;
  readonly mode: number;
  readonly force?: boolean | undefined;
}

const groupAndOthers = 0o077;

/** `holdfast request export NAME FILE`: everything is checked before the copy is noted, and noted before it is there. */
async function exportRequest(
  context: Context,
  name: string,
  said: string,
  options: RequestExportOptions,
): Promise<Answer> {
  const { workingDirectory, output, clock } = context;
  const { mode, force = false, format = /\.(?:p12|pfx)$/i.test(said) ? 'p12' : 'pem' } = options;
  const file = localPath(workingDirectory, said);
  const certificate =
    options.certificate === undefined ? undefined : localPath(workingDirectory, options.certificate);
  const keystore = await openOrCreateKeystore((await openHome(context.home)).node);
  const found = findRequestKey(keystore, name);
  const chosen = { replace: force, word: '--force' };
  for (const path of [file, certificate]) if (path !== undefined) await checkChosenFile(path, chosen);
  const choose = () => choosePassword(context, options.passwordFile, 'password for the PKCS#12 file');
  const given = options.passwordFile === undefined ? undefined : await choose();
  if (found.chain.length === 0 && (format === 'p12' || certificate !== undefined)) throw notThere(name);
  const data =
    format === 'p12'
      ? await pkcs12Of(found, given ?? (await choose()))
      : pemOf(found, certificate === undefined);
  await withNotedCopy(keystore, name, { file, at: new Date(clock.now()).toISOString() }, () =>
    writeChosenFile(file, data, { ...chosen, mode }),
  );
  if (certificate !== undefined)
    await writeChosenFile(certificate, chainPem(found.chain), { ...chosen, mode: 0o644 });
  output.warn(`the private key of ${name} is in two places now: the keystore of this machine, and ${file}`);
  if ((mode & groupAndOthers) !== 0)
    output.warn(`${file} can be opened by others than its owner: mode ${mode.toString(8).padStart(4, '0')}`);
  const copies = keyCopiesOf(keystore, name);
  const rows = [row('exported', file, format === 'p12' ? 'PKCS#12' : 'private key, PEM')];
  if (found.chain.length > 0)
    rows.push(row('with', certificate ?? file, plural(found.chain.length, 'certificate')));
  else rows.push(row('without', 'the certificate, which has not come yet'));
  return {
    value: { friendlyName: name, file, format, certificate, certificates: found.chain.length, copies },
    rows,
  };
}

function pemOf({ privateKey, chain }: RequestKey, withChain: boolean): string {
  return privateKeyPem(exportPrivateKey(privateKey)) + (withChain ? chainPem(chain) : '');
}

function chainPem(chain: readonly Bytes[]): string {
  return chain.map(certificatePem).join('');
}

async function pkcs12Of({ name, privateKey, chain }: RequestKey, password: Secret<string>): Promise<Bytes> {
  const certificates = chain.map((der, index) => (index === 0 ? { name, der } : { der }));
  return await createPkcs12({ keys: [{ name, key: privateKey }], certificates }, { password });
}

function notThere(name: string): HoldfastError {
  return new HoldfastError('request_pending', `the certificate of ${name} has not come yet`, {
    hint: 'without --certificate, in PEM, the key is written alone; holdfast request complete FILE pairs the certificate with it',
  });
}

/** Owner has to read it, and nobody runs it. */
function parseMode(text: string): number {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0;
  if ((mode & 0o400) !== 0 && (mode & 0o111) === 0) return mode;
  throw new InvalidArgumentError('expected permission bits that let the owner read it, such as 0600 or 0640');
}
