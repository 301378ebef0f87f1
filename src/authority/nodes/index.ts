/**
 * The nodes of a network, as they are seen: who there is, when each came last and how, what came of it last.
 *
 * What the room promises: nothing here decides anything, and the log knows nothing of it. A restored authority knows what its
 * backup knew, and learns the rest again from whoever comes.
 */
export { Nodes, type Sighting } from './nodes.ts';
