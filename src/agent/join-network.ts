import { join as joinPath } from 'node:path';
import { HoldfastError } from '../base/index.ts';
import { type JoinCode, join } from '../enrol/index.ts';
import { identityUri } from '../pki/index.ts';
import { saveTrustBundle } from '../trust/index.ts';
import { bundleFile, identityLabel, type Node, openNode, openOrCreateKeystore } from './node.ts';
import { enrolledState, readNodeState, writeNodeState } from './node-state.ts';
import type { RenewalOptions } from './renewal.ts';

/**
 * Makes this machine the node that `code` names and keeps everything in `directory`. After a crash the same code can
 * be used again. `node_already_joined` when this machine is a node, of whatever network.
 */
export async function joinNetwork(directory: string, code: JoinCode, options: RenewalOptions): Promise<Node> {
  const keystore = await openOrCreateKeystore(directory);
  const state = await readNodeState(directory);
  if (state !== undefined && keystore.has(identityLabel)) {
    throw new HoldfastError('node_already_joined', `this machine is ${identityUri(state)} already`, {
      hint: 'use another home for another network: --home DIR',
    });
  }
  await join(code, {
    ...options,
    keystore,
    label: identityLabel,
    async keep(enrolment) {
      await saveTrustBundle(joinPath(directory, bundleFile), enrolment.bundle);
      const { network, role, name } = enrolment.identity;
      await writeNodeState(directory, {
        format: 1,
        network,
        role,
        name,
        exports: [],
        ...enrolledState(enrolment),
      });
    },
  });
  return openNode(directory);
}
