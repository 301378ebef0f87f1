import { parseJoinCode } from '../enrol/index.ts';
import type { Role } from '../pki/index.ts';
import { isLoopbackName } from '../policy/index.ts';
import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';
import { formatRemaining, plural } from './format.ts';

/** What is said of a join code that is to be made. */
export interface TokenRequest {
  readonly role: Role;
  readonly uses?: number;
  readonly names?: readonly string[];
  /** Milliseconds. */
  readonly expires?: number;
  readonly reissue?: boolean;
}

/** `holdfast token create NAME`: the code alone on stdout, what it stands for on stderr. */
export async function createToken(context: Context, name: string, request: TokenRequest): Promise<void> {
  const { role, uses, names, expires, reissue } = request;
  const { output, clock } = context;
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
    output.warn(
      'the server has no names but loopback ones, so that this code works on its own machine alone; ' +
        'others need one that leads there, in names of holdfast.toml',
    );
  if (output.json) return output.value(token);
  output.data(token.code);
  const left = formatRemaining(new Date(token.expires).getTime() - clock.now());
  const often = token.uses === 1 ? 'once' : plural(token.uses, 'machine');
  const how = name.includes('*') ? 'holdfast join --name NAME' : 'holdfast join';
  output.say(`for ${role} ${name}, ${often}, within ${left}; on that machine: ${how}, which asks for it`);
}

/** Whether a `host:port` leads every machine to itself. */
function isLoopbackAddress(address: string): boolean {
  return isLoopbackName(new URL(`https://${address}`).hostname);
}
