import type { DefineCommand } from '../../define-command.ts';
import type { RevokeOptions } from '../../revoking.ts';
import { addRules, atMostOne } from '../../word-rules.ts';

/** `holdfast cert revoke SERIAL|NODE` */
export const defineCertRevoke: DefineCommand = (command, start) => {
  addRules(command, atMostOne('--serial', '--node'));
  command
    .summary('end a certificate, a node with all it has, or an issuing certificate')
    .description(
      'end one certificate; or a node: its certificates, their renewal and the join codes of its name, its connections are cut at once; or an issuing certificate with all that it issued: another one with a new key takes its place, which needs the key of the root, and nodes renew by themselves',
    )
    .argument(
      '<serial-or-node>',
      'a serial number or its beginning, a node: laptop, client/laptop, or issuing-1',
    )
    .option('--reason <reason>', 'why, in a word of RFC 5280, e.g. keyCompromise (default: unspecified)')
    .option('--serial', 'the text is a serial number, where it could be both')
    .option('--node', 'the text is a node')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast cert revoke 4f1c2a9b --reason superseded\n  holdfast cert revoke client/laptop --reason keyCompromise --yes\n  holdfast cert revoke issuing-1 --reason cACompromise\n',
    )
    .action(async (what: string, options: RevokeOptions) => {
      const { revokeCertificate } = await import('../../revoking.ts');
      await revokeCertificate(start(command), what, options);
    });
};
