import { makeClient } from '../vendor/sm-ssl-cert.ts';
import type { Word } from '../word.ts';
import { addPlaceOptions } from './place-options.ts';

/** `holdfast sm_ssl_cert client` */
export const word: Word = {
  define: (command) => {
    const summary = 'make a client certificate and key: ini/x.509/client.pem, client.key';
    command
      .description(summary)
      .option('--oid <options>', 'the subject: KEY:value,KEY:value with the keys below')
      .option('--name <name>', 'of the client in the network (default: from CN, else client)');
    addPlaceOptions(command).addHelpText('after', help);
  },
  run: makeClient,
};

const help = `
Keys of --oid:
  C   country         GQ  generation       O   organization   S  surname
  CN  common name     I   initials         OU  unit           T  title
  DQ  dn qualifier    L   locality         P   pseudonym
  GN  given name      N   name             PC  postal code
A comma separates only before a key and its colon; \\ takes the next character
as it is.

Examples:
  sm_ssl_cert client
  sm_ssl_cert client --oid='CN:laptop,O:Smith, Jones & Co,C:DE' --path=/tmp/laptop
`;
