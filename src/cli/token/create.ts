import { InvalidArgumentError, Option } from 'commander';
import { parseJoinCode } from '../../enrol/index.ts';
import type { Role } from '../../pki/index.ts';
import { isLoopbackName } from '../../policy/index.ts';
import { withAdmin } from '../home/administering.ts';
import { ListOption, parseDurationOption } from '../options/option-values.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, line, note } from '../terminal/answer.ts';
import { formatRemaining, plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

const roles = ['client', 'storage', 'server', 'admin'];

/** `holdfast token create NAME|PATTERN` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--bearer', '--uses'), atMostOne('--bearer', '--names'))
      .description(
        'make a join code for one role and one name, or for several names of a pattern; or a bearer token for one name',
      )
      .argument('<name>', "name of the machine in the network, e.g. laptop, or a pattern such as 'web-*'")
      .addOption(new Option('--role <role>', 'what it may be').choices(roles).default('client'))
      .option('--uses <n>', 'how many machines may use the code of a pattern (default: 1)', parseUses)
      .addOption(new ListOption('--names <list>', 'host names and addresses of a server or storage node'))
      .option(
        '--expires <duration>',
        'how long it can be used, e.g. 90m, 24h, 7d (default: 24h; of a bearer token 90d)',
        parseDurationOption,
      )
      .option('--reissue', 'for a name that was issued before: the same identity on another machine')
      .option(
        '--bearer',
        'a token that names a client or an admin by itself, for programs without a certificate: the password of the user NAME, where a listener requires none',
      )
      .addHelpText('after', examples);
  },
  run: createToken,
};

function parseUses(text: string): number {
  const uses = Number(text);
  if (Number.isInteger(uses) && uses >= 1 && uses <= 100_000) return uses;
  throw new InvalidArgumentError('expected a number from 1 to 100000');
}

const examples = `
Examples:
  holdfast token create laptop
  holdfast token create 'web-*' --uses 10 --expires 7d
  holdfast token create nas --role storage --names nas.example,192.0.2.5
  holdfast token create --reissue laptop
  holdfast token create --bearer laptop --expires 30d
`;

/** What is said of a join code that is to be made. */
export interface TokenRequest {
  readonly role: Role;
  readonly uses?: number;
  readonly names?: readonly string[];
  /** Milliseconds. */
  readonly expires?: number;
  readonly reissue?: boolean;
  readonly bearer?: boolean;
}

/** `holdfast token create NAME`: the code, or the token, alone on stdout, what it stands for on stderr. */
async function createToken(context: Context, name: string, request: TokenRequest): Promise<Answer> {
  if (request.bearer === true) return await createBearer(context, name, request);
  const { role, uses, names, expires, reissue } = request;
  const { clock } = context;
  const token = await withAdmin(context, (admin) =>
    admin.call('token.create', {
      name,
      role,
      uses,
      ...(names !== undefined && { names: [...names] }),
      lifetimeMs: expires,
      ...(reissue === true && { reissue }),
    }),
  );
  if (parseJoinCode(token.code).addresses.every(isLoopbackAddress))
    context.output.warn(
      'the server has no names but loopback ones, so that this code works on its own machine alone; ' +
        'others need one that leads there, in names of holdfast.toml',
    );
  const left = formatRemaining(new Date(token.expires).getTime() - clock.now());
  const often = token.uses === 1 ? 'once' : plural(token.uses, 'machine');
  const how = name.includes('*') ? 'holdfast join --name NAME' : 'holdfast join';
  return {
    value: token,
    rows: [
      line(token.code),
      note(`for ${role} ${name}, ${often}, within ${left}; on that machine: ${how}, which asks for it`),
    ],
  };
}

/** A bearer token is shown once; nobody asks for it again at a terminal. */
async function createBearer(
  context: Context,
  name: string,
  { role, expires, reissue }: TokenRequest,
): Promise<Answer> {
  const bearer = await withAdmin(context, (admin) =>
    admin.call('bearer.create', { name, role, lifetimeMs: expires, ...(reissue === true && { reissue }) }),
  );
  const left = formatRemaining(new Date(bearer.expires).getTime() - context.clock.now());
  const where =
    bearer.listeners.length === 0
      ? 'no listener yet, each requires a certificate'
      : bearer.listeners.join(', ');
  return {
    value: bearer,
    rows: [
      line(bearer.token),
      note(`bearer token b${bearer.id} for ${role} ${name}, ${left}; taken by: ${where}`),
      note(`user ${name} with it as password, as in RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD`),
    ],
  };
}

/** Whether a `host:port` leads every machine to itself. */
function isLoopbackAddress(address: string): boolean {
  return isLoopbackName(new URL(`https://${address}`).hostname);
}
