import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';
import { formatRemaining } from './format.ts';

interface TokenRequest {
  readonly role: 'client' | 'storage' | 'admin';
  readonly expires?: number;
  readonly reissue?: boolean;
}

/** `holdfast token create NAME`: the code alone on stdout, what it stands for on stderr. */
export async function createToken(context: Context, name: string, request: TokenRequest): Promise<void> {
  const { role, expires, reissue } = request;
  const { output, clock } = context;
  const token = await withAdmin(context, (admin) =>
    admin.call('token.create', {
      name,
      role,
      ...(expires !== undefined && { lifetimeMs: expires }),
      ...(reissue === true && { reissue }),
    }),
  );
  if (output.json) return output.value(token);
  output.data(token.code);
  const left = formatRemaining(new Date(token.expires).getTime() - clock.now());
  output.say(`for ${role} ${name}, once, within ${left}; on that machine: holdfast join CODE`);
}
