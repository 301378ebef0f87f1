import { Option } from 'commander';
import type { OperationAnswer } from '../../admin/index.ts';
import type { Role } from '../../pki/index.ts';
import { withAdmin } from '../home/administering.ts';
import { ListOption, requestId } from '../options/option-values.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast request approve ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('issue the certificate that a request asks for, or one that says less or something else')
      .argument('<id>', 'its number in request list', requestId)
      .option('--name <name>', 'what the node is called, instead of what was asked')
      .addOption(
        new Option('--profile <role>', 'the role it has, instead of what was asked').choices([
          'server',
          'storage',
          'client',
          'admin',
        ]),
      )
      .addOption(
        new ListOption('--names <list>', 'these instead of the names it asks for, others too; none for none'),
      )
      .addOption(new ListOption('--drop <list>', 'without these: names, or words of request show such as O'))
      .addHelpText('after', examples);
  },
  run: approveRequest,
};

const examples = `
Examples:
  holdfast request approve 3
  holdfast request approve 3 --name vault --names vault.example.com
  holdfast request approve 4 --profile client --names none
  holdfast request approve 5 --drop www.example.com --drop O
`;

/** What `request approve` takes. */
interface RequestApproveOptions {
  readonly name?: string;
  readonly profile?: Role;
  readonly names?: readonly string[];
  readonly drop?: readonly string[];
}

/** `holdfast request approve ID`: issues, and shows what was issued. */
async function approveRequest(
  context: Context,
  id: number,
  { name, profile, names, drop }: RequestApproveOptions,
): Promise<Answer> {
  const chosen = names?.filter((each) => each !== 'none');
  const { approved, certificate } = await withAdmin(context, async (admin) => {
    const request = await admin.call('request.approve', {
      id,
      name,
      profile,
      names: chosen,
      drop: drop && [...drop],
    });
    return {
      approved: request,
      certificate: await admin.call('cert.show', { serial: request.serial ?? '' }),
    };
  });
  return { value: { ...approved, certificate }, rows: approvedRows(approved, certificate) };
}

function* approvedRows(
  { id, decidedBy }: OperationAnswer<'request.approve'>,
  { identity = '', subject, names, serial, notAfter }: OperationAnswer<'cert.show'>,
): Iterable<Row> {
  yield row('approved', `request ${id}`, `by ${decidedBy}`);
  yield row('issued', identity, subject);
  if (names.length > 0) yield row('names', names.join(', '));
  yield row('serial', serial);
  yield row('valid', `until ${notAfter}`);
  yield row('next', 'whoever has the handle collects it: holdfast request collect HANDLE');
}
