import type { DefineCommand } from '../../define-command.ts';
import type { ServerOptions } from '../../vendor/sm-ssl-cert.ts';
import { addPlaceOptions } from './place-options.ts';

/** `holdfast sm_ssl_cert server` */
export const defineSmSslCertServer: DefineCommand = (command, start) => {
  const summary = 'make a server certificate and key: ini/ssl/server.pem, server.key';
  command
    .summary(summary)
    .description(summary)
    .requiredOption('--common-name <names>', 'host names and addresses, separated by commas');
  addPlaceOptions(command)
    .option('--name <name>', 'of the server in the network (default: from the first of its names)')
    .addHelpText('after', examples)
    .action(async (options: ServerOptions) => {
      const { makeServer } = await import('../../vendor/sm-ssl-cert.ts');
      await makeServer(start(command), options);
    });
};

const examples = `
A name is a host name, *. in front of a domain, an address, or 192.168.1.* for
all 256 addresses of that block.

Examples:
  sm_ssl_cert server --common-name=myserver,myserver.domain.com
  sm_ssl_cert server --common-name=rds1.domain.com --path=/tmp/rds1
`;
