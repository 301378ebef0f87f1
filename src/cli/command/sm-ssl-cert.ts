import type { DefineCommand } from '../define-command.ts';
import { defineSmSslCertCa } from './sm-ssl-cert/ca.ts';
import { defineSmSslCertClient } from './sm-ssl-cert/client.ts';
import { defineSmSslCertServer } from './sm-ssl-cert/server.ts';

/** `holdfast sm_ssl_cert …`, and `sm_ssl_cert …` by a link of that name. */
export const defineSmSslCert: DefineCommand = (command, start) => {
  defineSmSslCertCa(command.command('ca'), start);
  defineSmSslCertServer(command.command('server'), start);
  defineSmSslCertClient(command.command('client'), start);
};
