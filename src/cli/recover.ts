import { recover } from './repository/recovering.ts';
import type { Word } from './word.ts';

/** `holdfast recover [CODE] --kit FILE` */
export const word: Word = {
  define: (command) => {
    command
      .argument(
        '[code]',
        'the reissue code for this machine (default: asked for, or read from stdin, until it has joined)',
      )
      .requiredOption('--kit <file>', 'the recovery kit that init wrote')
      .option('--passphrase-file <file>', 'the passphrase of the kit, where it has one')
      .option(
        '--fingerprint <fingerprint>',
        'of what this machine left at the server, where the kit does not name it',
      )
      .option('--trust-server', 'take what is not known to be of this machine, without asking')
      .option('--repo <url>', "a further repository instead of this machine's own")
      .addHelpText('after', examples);
  },
  run: recover,
};

const examples = `
At the server, for the machine called laptop:
  holdfast token create --reissue laptop

Examples, on the new machine:
  holdfast recover --kit /media/safe/recovery-kit.txt
  holdfast restore latest --target / --overwrite

What opens the repository was left at the server, sealed; anybody can seal to a kit. The kit names the fingerprint of what
this machine left ("# Escrow client/laptop …"); where it does not, --fingerprint says it, from holdfast status
of that machine or from the audit log. Nothing else is taken then, unless --trust-server says so. Where nothing is known
you are shown what was found, and asked on a terminal: whoever has the server could have made all that is
restored, and read what is backed up from now on.
`;
