import type { DefineCommand } from '../define-command.ts';

/** `holdfast certutil -backup|-restore PASSWORD FILE`, and `certutil …` by a link of that name. */
export const defineCertutil: DefineCommand = (command, start) => {
  command
    .description("back the authority's keys and certificates up as PKCS#12, or make an authority from them")
    .usage('-backup|-restore <password> <file>')
    // The words are the vendor's: options with a single hyphen, which `compat` reads.
    .allowUnknownOption()
    .argument('[words...]')
    .option('--re-enrol', 'with -restore: accept no certificate of before; every machine joins again')
    .addHelpText('after', help)
    .action(async (words: readonly string[], options: { reEnrol?: boolean }) => {
      const { certutil } = await import('../vendor/certutil.ts');
      await certutil(start(command), words, options);
    });
};

const help = `
Examples:
  certutil -backup Pswd /backup/certfile
  certutil -restore Pswd /backup/certfile
`;
