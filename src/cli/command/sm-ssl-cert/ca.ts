import { addCreationOptions } from '../../creation-options.ts';
import type { DefineCommand } from '../../define-command.ts';
import type { CaOptions } from '../../vendor/make-ca.ts';
import { addPlaceOptions } from './place-options.ts';

/** `holdfast sm_ssl_cert ca` */
export const defineSmSslCertCa: DefineCommand = (command, start) => {
  const summary = 'make the root certificate and key: ini/ca/rootCA.pem, rootCA.key';
  addPlaceOptions(command.summary(summary).description(summary))
    .option('--replace', 'put an authority that is there into an archive first')
    .addHelpText('after', examples);
  addCreationOptions(command).action(async (options: CaOptions) => {
    const { makeCa } = await import('../../vendor/make-ca.ts');
    await makeCa(start(command), options);
  });
};

const examples = `
Examples:
  sm_ssl_cert ca
  sm_ssl_cert ca --ini /srv/sesam/ini --names vault.example --network backup.example
`;
