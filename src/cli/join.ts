import { Option } from 'commander';
import { joinNetwork } from '../agent/index.ts';
import { HoldfastError } from '../base/index.ts';
import { type JoinCode, joinCodeFor } from '../enrol/index.ts';
import {
  endsWithIssuer,
  isNamePattern,
  matchesNamePattern,
  parseCertificate,
  type Role,
  roles,
} from '../pki/index.ts';
import { checkNodeName } from '../policy/index.ts';
import { machineName } from '../transport/index.ts';
import type { AnswerOf } from './answers.ts';
import { withHome } from './home/home.ts';
import { checkMayHoldNode } from './home/may-hold.ts';
import type { Context } from './program/context.ts';
import { type Answer, row, warning } from './terminal/answer.ts';
import { formatRemaining, formatTime, shortFingerprint } from './terminal/format.ts';
import { givenJoinCode } from './terminal/given-secrets.ts';
import type { Word } from './word.ts';

/** `holdfast join` */
export const word: Word = {
  define: (command) => {
    command
      .argument(
        '[code]',
        'the join code that holdfast token create printed (default: asked for, or read from stdin)',
      )
      .option(
        '--name <name>',
        'which of the names of its pattern (default: the host name, where that is one)',
      )
      .addOption(
        new Option('--role <role>', 'what this machine is to be; any other code is refused').choices(roles),
      )
      .addHelpText(
        'after',
        '\nThe code is a secret: left out, it is asked for unseen, or read from standard input where that is no terminal.\n\n' +
          'Examples:\n  holdfast join\n  holdfast join --name web-3\n  holdfast join --role storage\n  holdfast join < code.txt\n',
      );
  },
  run: join,
};

/** `holdfast join`: this machine becomes the node that the code names. */
async function join(
  context: Context,
  text: string | undefined,
  { name, role }: { readonly name?: string | undefined; readonly role?: Role },
): Promise<Answer<AnswerOf<'join'>>> {
  const code = await givenJoinCode(context, text);
  if (role !== undefined && role !== code.role) throw otherRole(code, role);
  return await joinByCode(context, code, name);
}

/** Before the secret of the code is told to anybody. */
function otherRole(code: JoinCode, wanted: Role): HoldfastError {
  return new HoldfastError(
    'usage',
    `the join code makes this machine ${code.role} ${code.name}, expected a code for the role ${wanted}`,
    { hint: `make one at the server: holdfast token create ${code.name} --role ${wanted}` },
  );
}

/** Makes this machine the node that `given` names, `name` where it leaves the choice. */
export async function joinByCode(
  context: Context,
  given: JoinCode,
  name: string | undefined,
): Promise<Answer<AnswerOf<'join'>>> {
  const code = codeFor(given, name);
  await checkMayHoldNode(context.home, code.network);
  const node = await withHome(context.home, (home) => joinNetwork(home.node, code, context));
  const { identity, certificate, state } = node;
  const { clock } = context;
  const [, issuer] = node.credentials.current.chain;
  const clipped = issuer !== undefined && endsWithIssuer(certificate, parseCertificate(issuer));
  const value = {
    ...identity,
    root: { fingerprint: code.fingerprint },
    servers: state.servers,
    certificate: { serial: certificate.serial, notAfter: certificate.notAfter.toISOString(), clipped },
  };
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  const rows = [
    row('joined', identity.network, `root ${shortFingerprint(code.fingerprint)}`),
    row(identity.role, 'enrolled', identity.name, `certificate renews itself, next in ${renewal}`),
    row('server', state.servers[0] ?? ''),
    ...(clipped
      ? [warning(`the certificate ends ${formatTime(certificate.notAfter)}, with its issuer's`)]
      : []),
    row('next', nextOf(identity.role)),
  ];
  return { value, rows };
}

/** What a new node is for. */
export function nextOf(role: Role): string {
  if (role === 'storage') return 'holdfast serve';
  return role === 'admin' ? 'holdfast request list   ·   holdfast cert list' : 'holdfast backup PATH';
}

/** The code for this machine: by the name that is said, else by its host name where the code's pattern lets that through. */
function codeFor(code: JoinCode, said: string | undefined): JoinCode {
  const own = machineName();
  const byHost = isNamePattern(code.name) && matchesNamePattern(code.name, own) ? own : undefined;
  const chosen = joinCodeFor(code, said ?? byHost);
  checkNodeName(chosen.name);
  return chosen;
}
