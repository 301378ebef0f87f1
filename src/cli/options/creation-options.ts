import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KeyAlgorithm, keyAlgorithms } from '../../pki/index.ts';
import { ListOption } from './option-values.ts';

/** What can be said when a network is created; kept in `holdfast.toml`, later said for one run only. */
export interface CreationOptions {
  readonly network?: string;
  readonly names?: readonly string[];
  readonly port?: number;
  readonly statusAddress?: string;
  readonly kitPasswordFile?: string;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly permit?: readonly string[];
  readonly keystorePassword?: boolean;
  readonly database?: string;
}

/** The first of the three ports when nothing is said. */
export const defaultPort = 8443;

/** Adds the options of `init` and `up`. */
export function addCreationOptions(command: Command): Command {
  return addServingOptions(command)
    .option('--network <name>', 'name of the network (default: backup.<hostname>)')
    .option('--status-address <url>', 'stable URL inside certificates (default: port + 2 of the first name)')
    .addOption(databaseOption())
    .option('--kit-password-file <file>', 'protect the recovery kit with the passphrase in this file')
    .option(
      '--keystore-password',
      "protect the authority's keys with a passphrase typed here, instead of a stash file",
    )
    .addOption(
      new ListOption('--permit <list>', 'domains and address ranges that may be certified (default: any)'),
    )
    .addOption(
      new Option('--key-algorithm <kind>', "kind of the authority's own keys (default: p256)").choices(
        keyAlgorithms,
      ),
    );
}

/** Which database the records of the authority are put in. */
export function databaseOption(): Option {
  return new Option(
    '--database <url>',
    'keep the records in this PostgreSQL database, postgres://user@host/database (default: a file in the home)',
  ).argParser(parseDatabaseUrl);
}

/** Words of a command line can be read by everybody on the machine. */
export function parseDatabaseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol))
    throw new InvalidArgumentError('expected postgres://user@host/database');
  if (url.password === '') return text;
  throw new InvalidArgumentError(
    'a password does not belong in a command line: put it into ~/.pgpass, or add ?passfile=FILE',
  );
}

/** Adds the options that `serve` shares with them. */
export function addServingOptions(command: Command): Command {
  return command
    .option('--port <n>', `first of three ports (default: ${defaultPort})`, parsePort)
    .addOption(new ListOption('--names <list>', 'host names and addresses of this server'));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65533) return port;
  throw new InvalidArgumentError('expected a port from 1 to 65533');
}
