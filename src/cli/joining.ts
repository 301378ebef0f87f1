import { text as readText } from 'node:stream/consumers';
import { joinNetwork } from '../agent/index.ts';
import { parseJoinCode } from '../enrol/index.ts';
import type { Context } from './context.ts';
import { formatRemaining, shortFingerprint } from './format.ts';
import { withHome } from './with-home.ts';

/** `holdfast join CODE`: this machine becomes the node that the code names. */
export async function join(context: Context, text: string): Promise<void> {
  const code = parseJoinCode(text === '-' ? await readStdin() : text);
  const node = await withHome(context.home, (home) => joinNetwork(home.node, code, context));
  const { identity, certificate, state } = node;
  const { output, clock } = context;
  if (output.json) {
    output.value({
      ...identity,
      root: { fingerprint: code.fingerprint },
      servers: state.servers,
      certificate: { serial: certificate.serial, notAfter: certificate.notAfter.toISOString() },
    });
    return;
  }
  const renewal = formatRemaining(node.renewalTime().getTime() - clock.now());
  output.row('joined', identity.network, `root ${shortFingerprint(code.fingerprint)}`);
  output.row(identity.role, 'enrolled', identity.name, `certificate renews itself, next in ${renewal}`);
  output.row('server', state.servers[0] ?? '');
  output.row('next', 'holdfast backup PATH');
}

/** A code from standard input does not stand in the list of processes. */
function readStdin(): Promise<string> {
  return readText(process.stdin);
}
