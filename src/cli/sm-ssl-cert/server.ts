import { makeServer } from '../vendor/sm-ssl-cert.ts';
import type { Word } from '../word.ts';
import { addPlaceOptions } from './place-options.ts';

/** `holdfast sm_ssl_cert server` */
export const word: Word = {
  define: (command) => {
    const summary = 'make a server certificate and key: ini/ssl/server.pem, server.key';
    command
      .description(summary)
      .requiredOption('--common-name <names>', 'host names and addresses, separated by commas');
    addPlaceOptions(command)
      .option('--name <name>', 'of the server in the network (default: from the first of its names)')
      .addHelpText('after', examples);
  },
  run: makeServer,
};

const examples = `
A name is a host name, *. in front of a domain, an address, or 192.168.1.* for
all 256 addresses of that block.

Examples:
  sm_ssl_cert server --common-name=myserver,myserver.domain.com
  sm_ssl_cert server --common-name=rds1.domain.com --path=/tmp/rds1
`;
