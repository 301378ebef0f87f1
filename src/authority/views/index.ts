/**
 * What storage nodes are told of the network, signed: a view of what is on record, made anew when something in it has changed.
 */
export { NetworkViews } from './network-views.ts';
