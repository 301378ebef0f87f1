import { HoldfastError } from '../base/index.ts';
import { type JoinCode, join } from '../enrol/index.ts';
import { identityUri } from '../pki/index.ts';
import { keepEnrolment } from './adopt-enrolment.ts';
import { identityLabel, type Node, openNode, openOrCreateKeystore } from './node.ts';
import { readNodeState } from './node-state.ts';
import { type RenewalOptions, rejoinNode } from './renewal.ts';

/**
 * Makes this machine the node that `code` names and keeps everything in `directory`. After a crash the same code can
 * be used again. A reissue code for the very node that this machine is gives it a new certificate, as one that has
 * expired needs it; for any other, `node_already_joined`.
 */
export async function joinNetwork(directory: string, code: JoinCode, options: RenewalOptions): Promise<Node> {
  const keystore = await openOrCreateKeystore(directory);
  const state = await readNodeState(directory);
  if (state !== undefined && keystore.has(identityLabel)) {
    if (identityUri(state) !== identityUri(code)) {
      throw new HoldfastError('node_already_joined', `this machine is ${identityUri(state)} already`, {
        hint: 'use another home for another network: --home DIR',
      });
    }
    const node = await openNode(directory);
    await rejoinNode(node, code, options);
    return node;
  }
  await join(code, {
    ...options,
    keystore,
    label: identityLabel,
    keep: (enrolment) => keepEnrolment(directory, enrolment),
  });
  return openNode(directory);
}
