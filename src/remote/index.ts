/**
 * Object stores beyond this machine. A store here keeps the promises of every store although its connection does not:
 * what is lost on the way is tried again, what comes back is checked against what was asked for, and a server's word
 * is believed only where it is one that this program knows.
 */
export { HttpFiles } from './http-files.ts';
export { type ObjectPlace, openObjectPlace, parseObjectPlace } from './object-place.ts';
export { RestStore } from './rest-store.ts';
export { TicketStore } from './ticket-store.ts';
