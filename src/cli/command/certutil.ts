import type { DefineCommand } from '../define-command.ts';

interface RestoreOptions {
  readonly mirror?: readonly string[];
  readonly reEnrol?: boolean;
  readonly trustIssued?: boolean;
}

/** `holdfast certutil -backup|-restore PASSWORD FILE`, and `certutil …` by a link of that name. */
export const defineCertutil: DefineCommand = (command, start) => {
  command
    .description("back the authority's keys and certificates up as PKCS#12, or make an authority from them")
    .usage('[-f] -backup|-restore <password> <file>')
    // The words are the vendor's: options with a single hyphen, which `compat` reads.
    .allowUnknownOption()
    .argument('[words...]')
    .option('--mirror <place...>', 'with -restore: where the log is, which knows what was issued and revoked')
    .option('--re-enrol', 'with -restore: accept no certificate of before; every machine joins again')
    .option('--trust-issued', 'with -restore: accept certificates of before that are valid')
    .addHelpText('after', help)
    .action(async (words: readonly string[], options: RestoreOptions) => {
      const { certutil } = await import('../vendor/certutil.ts');
      await certutil(start(command), words, options);
    });
};

const help = `
A file that is there is replaced when -f is said, by -backup alone.

Examples:
  certutil -backup Pswd /backup/certfile
  certutil -f -backup Pswd /backup/certfile
  certutil -restore Pswd /backup/certfile
`;
