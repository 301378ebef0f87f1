import type { Authority } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import type { Answer } from './answer.ts';
import { acceptStore } from './ca.ts';
import { type AdminClient, checkCall, localAdmin } from './call.ts';
import type { OperationAnswer, OperationInput, OperationName } from './operations.ts';
import { boundParts, type SelfSignedState, serverParts } from './status.ts';
import { bindTls, unbindTls } from './tls.ts';
import { createBearer, listBearers, revokeBearer } from './tokens.ts';

/** What the operations of a server without an authority work on. */
export interface RosterContext
  extends Pick<AdminContext, 'clock' | 'listeners' | 'letIn' | 'store' | 'bindings' | 'bindingProblem'> {
  readonly network: string;
  readonly authority: Pick<Authority, 'bearerTokens'>;
  readonly certificate: () => Answer<typeof SelfSignedState>;
}

type Handle = (context: RosterContext, input: never, caller: Identity) => Promise<unknown>;

/** What can be done where nothing is certified. */
const handles: Partial<Record<OperationName, Handle>> = {
  async status(context): Promise<OperationAnswer<'status'>> {
    return {
      selfSigned: context.certificate(),
      ...(await serverParts(context)),
      ...(await boundParts(context)),
    };
  },
  'bearer.create': createBearer,
  'bearer.list': listBearers,
  'bearer.revoke': revokeBearer,
  'store.accept': acceptStore,
  'tls.bind': bindTls,
  'tls.unbind': unbindTls,
  // Clients hear of no roots from such a server.
  'tls.list': async () => [],
};

/** Does one operation at a server without an authority; what needs one is `operation_unknown`. Errors: as `callOperation` */
export async function callRosterOperation(
  context: RosterContext,
  name: string,
  input: unknown,
  caller: Identity,
): Promise<unknown> {
  const known = checkCall(name, input, caller);
  const handle = handles[known];
  if (handle !== undefined) return await handle(context, input as never, caller);
  throw new HoldfastError(
    'operation_unknown',
    'the server of this home has no authority: it certifies nobody, and is reached by bearer tokens alone',
    {
      hint: 'holdfast token create --bearer NAME lets a client in; a network with an authority needs a home of its own: holdfast init --home DIR',
    },
  );
}

/** The same in this process, for when no server runs. */
export function inProcessRoster(context: RosterContext): AdminClient {
  const caller = localAdmin(context.network);
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      return (await callRosterOperation(context, name, input, caller)) as OperationAnswer<Name>;
    },
  };
}
